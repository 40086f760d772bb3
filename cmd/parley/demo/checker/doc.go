// Package checker decides what happened to each message that people wrote in the demo. It compares the messages with what
// was observed at their destinations, and with what Parley's own database says about them. Package observer passes all of
// that to it.
//
// A message is recognised by its words (Wording), because each chat and mail program changes its markup and line breaks.
package checker
