"""The tests, as a package of their own: another of this name may be installed and would come first."""
