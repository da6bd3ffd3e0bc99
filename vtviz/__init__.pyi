from vtviz.api import Cut as Cut
from vtviz.api import Drop as Drop
from vtviz.api import Explanation as Explanation
from vtviz.api import Hide as Hide
from vtviz.api import InputError as InputError
from vtviz.api import Intervention as Intervention
from vtviz.api import Model as Model
from vtviz.api import ModelError as ModelError
from vtviz.api import Move as Move
from vtviz.api import Only as Only
from vtviz.api import Push as Push
from vtviz.api import Report as Report
from vtviz.api import TextMaps as TextMaps
from vtviz.api import Without as Without
from vtviz.api import audit as audit
from vtviz.api import explain as explain
from vtviz.api import intervene as intervene
from vtviz.api import load as load

__version__: str
