from vtviz.cli import main

main()
