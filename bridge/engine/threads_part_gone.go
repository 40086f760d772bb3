package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// TellWhatArrived posts what the customer already has of a reply that was deleted, undone, or edited into a
// note. If, for example, the first of three files had left before the Undo, the line says "The customer has
// invoice.pdf." It is posted once, and not if the customer has nothing of the reply.
func TellWhatArrived(th *Writer, c *Conversation, m *Message) {
	text, arrived := ArrivedContent(th.Outbox, m)
	if text == "" && len(arrived) == 0 {
		return
	}

	names := NamesOf(arrived)
	line := bridge.Line{Content: &bridge.DeleteLateLine{}, Text: text}
	for _, name := range names { // also those of the chat, since the message may have others that didn't leave
		line.Files = append(line.Files, bridge.LineFile{Name: name})
	}
	if text == "" {
		line.Text, line.Files = strings.Join(names, ", "), nil
	}
	isEdited := m.Fate == store.FateInside || m.Fate == store.FateAsk
	switch {
	case text == "" && isTakenBackByClick(m):
		line.Content, line.Text = &bridge.UndoneLine{Why: WhyUndone(names)}, "" // TellWith repeats the message's text
		if m.Fate == store.FateUndone {
			line.Verbs = []bridge.Verb{bridge.VerbSend} // as in the usual line about an undone reply, which this one replaces
		}
	case isEdited && text == "":
		line.Content = &bridge.EditLateLine{OnlyFiles: true, Left: names}
	case isEdited:
		line.Content = &bridge.EditLateLine{}
	}

	wasToldFiles := text == "" && isInUndoneLine(th.Outbox, m, names)
	if !wasToldFiles && !WasTold(th.Outbox, m, line) {
		th.TellWith(c, m, line)
	}
}

// isTakenBackByClick reports whether somebody took a reply back with a button, an emoji or a command, as
// opposed to a deletion or an edit by its author.
func isTakenBackByClick(m *Message) bool {
	switch m.Fate {
	case store.FateUndone:
		return m.Reason != bridge.ReasonDeleted && m.Reason != bridge.ReasonDeletedLate
	case store.FateInside, store.FateDropped:
		return m.Reason == bridge.ReasonUndone || m.Reason == bridge.ReasonRevived
	default:
		return false
	}
}

// TellDeletedLate tells the author of a deleted reply, once, that the customer has it.
func TellDeletedLate(th *Writer, c *Conversation, m *Message) {
	line := bridge.Line{Content: &bridge.DeleteLateLine{}, Text: m.Text, Files: UploadedNames(&m.Message)}
	if !WasTold(th.Outbox, m, line) {
		th.TellWith(c, m, line)
	}
}

// WasTold reports whether a line of the same kind with the same text was posted about a message before.
func WasTold(o *Outbox, m *Message, line bridge.Line) bool {
	return slices.ContainsFunc(o.OfMessage[m.ID], func(d *Delivery) bool {
		earlier := d.DecodedPayload().Line
		return earlier != nil && earlier.Kind() == line.Kind() && earlier.Text == line.Text
	})
}

// isInUndoneLine reports whether an earlier line about the Undo of a message has already named these files.
func isInUndoneLine(o *Outbox, m *Message, names []string) bool {
	return slices.ContainsFunc(o.OfMessage[m.ID], func(d *Delivery) bool {
		line := d.DecodedPayload().Line
		if line == nil {
			return false
		}
		undone, ok := line.Content.(*bridge.UndoneLine)
		return ok && undone.Why == WhyUndone(names)
	})
}

// WhyUndone returns the explanation for a line about an undone reply some of whose files the customer has.
func WhyUndone(names []string) bridge.Why {
	return bridge.InWords("The customer has " + strings.Join(names, ", ") + ".")
}
