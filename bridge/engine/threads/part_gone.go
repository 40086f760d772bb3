package threads

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/store"
)

// TellWhatArrived tells the author of a reply that was deleted, made a note or taken back what the customer has of it in spite of that.
// It tells that once, and nothing if the customer has none of it.
func TellWhatArrived(th *Writer, c *book.Conversation, m *book.Message) {
	text, arrived := book.ArrivedContent(th.Outbox, m)
	if text == "" && len(arrived) == 0 {
		return
	}

	names := book.NamesOf(arrived)
	line := bridge.Line{Content: &bridge.DeleteLateLine{}, Text: text, Files: files.UploadedNames(&store.Message{Files: arrived})}
	if text == "" {
		line.Text, line.Files = strings.Join(names, ", "), nil
	}
	isEdited := m.Fate == store.FateInside || m.Fate == store.FateAsk
	switch {
	case text == "" && isTakenBackByClick(m):
		line.Content, line.Text = &bridge.UndoneLine{Why: WhyUndone(names)}, "" // TellWith repeats the message's text
		if m.Fate == store.FateUndone {
			line.Verbs = []bridge.Verb{bridge.VerbSend} // as in the line whose place it takes
		}
	case isEdited && text == "":
		line.Content = &bridge.EditLateLine{OnlyFiles: true, Left: names}
	case isEdited:
		line.Content = &bridge.EditLateLine{}
	}

	wasToldFiles := text == "" && isInUndoneLine(th.Outbox, m, names)
	if !wasToldFiles && !wasTold(th.Outbox, m, line) {
		th.TellWith(c, m, line)
	}
}

// isTakenBackByClick reports whether somebody took a reply back, or kept it inside, by a button, an emoji or a command: its author
// neither deleted nor edited it.
func isTakenBackByClick(m *book.Message) bool {
	switch m.Fate {
	case store.FateUndone:
		return m.Reason != bridge.ReasonDeleted && m.Reason != bridge.ReasonDeletedLate
	case store.FateInside, store.FateDropped:
		return m.Reason == bridge.ReasonUndone || m.Reason == bridge.ReasonRevived
	default:
		return false
	}
}

// wasTold reports whether a line of the same kind with the same words was written about a message before.
func wasTold(o *book.Outbox, m *book.Message, line bridge.Line) bool {
	return slices.ContainsFunc(o.OfMessage[m.ID], func(d *book.Delivery) bool {
		told := d.DecodedPayload().Line
		return told != nil && told.Kind() == line.Kind() && told.Text == line.Text
	})
}

// isInUndoneLine reports whether the line that a message was undone says that the customer has these files.
func isInUndoneLine(o *book.Outbox, m *book.Message, names []string) bool {
	return slices.ContainsFunc(o.OfMessage[m.ID], func(d *book.Delivery) bool {
		line := d.DecodedPayload().Line
		if line == nil {
			return false
		}
		undone, ok := line.Content.(*bridge.UndoneLine)
		return ok && undone.Why == WhyUndone(names)
	})
}

// WhyUndone says in the line that a reply was undone which of its files the customer has all the same.
func WhyUndone(names []string) bridge.Why {
	return bridge.InWords("The customer has " + strings.Join(names, ", ") + ".")
}
