package checker

import "regexp"

// In some test runs Parley asks a language model about customers' messages, and posts the answer as a note into the
// chat thread. This file checks that no message is in two notes, that no internal message was sent to the model, and
// that no question mixes two conversations.

// notePattern matches the customers' messages that a note mentions. A message is identified by its marker, a unique
// word in its text, which the emulated model calls a ticket: "Ticket inbound-c017-5".
var notePattern = regexp.MustCompile(`\bTicket (inbound-c\d{3,6}-\d+)\b`)

// MarkersInNote returns the markers of the messages that a note mentions; nil if the text is no note.
func MarkersInNote(text string) []Marker {
	var list []Marker
	for _, found := range notePattern.FindAllStringSubmatch(text, -1) {
		list = append(list, MarkersIn(found[1])...)
	}
	return list
}

// checkNotes checks that each customer's message is mentioned in at most one note, and checks the questions to the
// model.
func checkNotes(v *Verdict, observed Observation) {
	for _, t := range observed.Threads {
		notes := map[Marker][]Post{}
		for _, p := range t.Posts {
			if !p.isFromParley() {
				continue
			}

			for _, m := range Distinct(p.NoteMarkers) {
				v.NotedMessages++
				notes[m] = append(notes[m], p)
				if countDeliveries(notes[m]) > 1 {
					v.addViolation(&v.Doubled, "%s is in the notes %s and %s", m, notes[m][0].ID, p.ID)
				}
			}
		}
	}

	checkModelQuestions(v, observed.ModelQuestions)
}

// checkModelQuestions checks the markers in each question to the model: all must belong to one conversation, and none
// may be internal.
func checkModelQuestions(v *Verdict, questions [][]Marker) {
	for _, markers := range questions {
		v.ModelQuestions++
		for _, m := range Distinct(markers) {
			if m.Kind == Internal {
				v.addViolation(&v.Leaked, "%s is internal and a model was asked about it", m)
			} else if m.Conversation != markers[0].Conversation {
				v.addViolation(&v.Leaked, "%s and %s are in one question to a model", m, markers[0])
			}
		}
	}
}
