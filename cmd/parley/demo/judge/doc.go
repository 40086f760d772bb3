// Package judge compares what people said in the demo with what arrived, and with what Parley says of it. It is told all
// of that, and looks at nothing: the witness of the demo's page looks (cmd/parley/demo/journal.go).
//
// A message is recognised by its words, since each chat and each mail program writes them in another way (Wording).
package judge
