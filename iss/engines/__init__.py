"""Floor 2: engines are readings of the definitions; all behave alike to the bit and to the count."""
