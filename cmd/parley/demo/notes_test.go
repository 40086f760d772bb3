package demo

// longNamed and rightToLeft are customers whose notes are hard to lay out. One has a very long name, and the other writes
// from right to left.
const ()
