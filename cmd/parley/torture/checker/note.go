package checker

import "regexp"

// In some runs Parley has a language model analyse what customers write, and posts a note about it into the thread.
// This file checks that no message stands in two notes, and that the model was asked about nothing internal.

// notePattern finds the markers that a note names. The model of a run calls each marker a ticket.
// Shape: Ticket inbound-c017-5
var notePattern = regexp.MustCompile(`\bTicket (inbound-c\d{3,6}-\d+)\b`)

// MarkersInNote returns the markers of the messages that a note of an analysis names.
func MarkersInNote(text string) []Marker {
	var list []Marker
	for _, found := range notePattern.FindAllStringSubmatch(text, -1) {
		list = append(list, MarkersIn(found[1])...)
	}
	return list
}

// checkNotes checks what Parley says of customers' messages: it names each of them in one note.
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
					v.addViolation(&v.Doubled, "%s stands in the notes %s and %s", m, notes[m][0].ID, p.ID)
				}
			}
		}
	}

	checkModelQuestions(v, observed.ModelQuestions)
}

// checkModelQuestions checks what a model was asked: each question is about one conversation, and about nothing
// internal.
func checkModelQuestions(v *Verdict, questions [][]Marker) {
	for _, markers := range questions {
		v.ModelQuestions++
		for _, m := range Distinct(markers) {
			if m.Kind == Internal {
				v.addViolation(&v.Leaked, "%s is internal and a model was asked about it", m)
			} else if m.Conversation != markers[0].Conversation {
				v.addViolation(&v.Leaked, "%s and %s stand in one question to a model", m, markers[0])
			}
		}
	}
}
