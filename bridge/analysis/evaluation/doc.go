// Package evaluation measures an Analyzer on messages that people labelled: per field precision, recall and
// F1, where it goes wrong, how long it takes and what it costs. It contains two sets of messages. The rules of package
// offline are tuned on the set "dev". Nobody reads the set "unseen" while tuning, so its figures show what to expect
// of new messages.
//
// What does not belong here: how an analysis is made, which analyzers a program has, clocks and files (the
// command provides them), and the words of real customers: all messages of the sets were invented.
package evaluation
