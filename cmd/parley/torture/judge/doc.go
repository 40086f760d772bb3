// Package judge compares what was said in a run of torture with what arrived, and counts the promises that
// were broken. It has the words for both: marks, by which a message is known again, the ledger of what people
// said, and the testimony of what was seen at the ends.
//
// What does not belong here: how emulators are asked. This package opens no connection.
package judge
