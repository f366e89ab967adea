"""How often the doctor is right: faulty programs, hard healthy ones, and what it says of each."""
