// Package evaluation measures an Analyzer on messages that people labelled: per field precision, recall and
// F1, where it goes wrong, how long it takes and what it costs. It brings sets of messages. The rules of package
// offline are tuned on the set "dev"; nobody looks at the set "unseen" while tuning, so that its figures say what to
// expect of new messages.
//
// What does not belong here: how an analysis is made, which analyzers a program has, clocks and files (the
// command brings them), and real customers' words: all of the set was invented.
package evaluation
