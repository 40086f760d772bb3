// Package checker decides what became of each message that people wrote in the demo. It compares the messages with what was
// observed at their destinations, and with what Parley's own database says of them. It is told all of that by package
// observer, and looks at nothing itself.
//
// A message is recognised by its words (Wording), since each chat and each mail program writes them in another way.
package checker
