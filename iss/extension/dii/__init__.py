"""RVFI-DII: a verification engine sends instruction words over a socket and gets back what each of them did."""
