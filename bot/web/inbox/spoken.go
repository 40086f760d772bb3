package inbox

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"parley/bot/forms"
	"parley/bot/shape"
	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

// This file converts the messages of a conversation to text for its page. A "spoken" message is a message of a customer,
// a reply of an agent, or an internal note. Its fate is what became of it. For example, a reply with bridge.FateWaiting
// has the text "On its way" and a button "Take back".

// addSpoken adds a page of messages, and the URL of the older ones if there are any.
func addSpoken(v *web.Visit, f bridge.Facts, data *threadPage, spoken bridge.SpokenPage) {
	for i := range spoken.List {
		data.Said = append(data.Said, shownMessageOf(v, f, data.Path, &spoken.List[i], data.Withheld != ""))
		data.Seen = max(data.Seen, spoken.List[i].Event, spoken.List[i].RevisedEvent)
	}
	if spoken.Older {
		first := spoken.List[0]
		data.Older = fmt.Sprintf("%s?before=%d.%d", data.Path, first.Event, first.ID)
	}
}

// shownMessageOf returns the template data of a message. path is the URL of the conversation's page. isWithheld means that
// nothing can be sent to the customer.
func shownMessageOf(v *web.Visit, f bridge.Facts, path string, s *bridge.SpokenMessage, isWithheld bool) shownMessage {
	m := shownMessage{
		SpokenMessage: *s,
		Side:          string(s.Direction),
		Who:           s.Author,
		When:          timeText(v, s.At),
		Exactly:       s.At.In(v.Now().Location()).Format(time.RFC3339),
	}
	m.Said, m.SaidBefore, m.SaidEarlier = passagesOf(s.Text), passagesOf(s.Before), passagesOf(s.Quoted)
	if m.Who == "" {
		m.Who = "Somebody"
		if m.Side == "in" {
			m.Who = shape.PartyName(f.Contact)
		}
	}

	if s.Address != m.Who {
		m.Whose = s.Address
	}
	if s.Stranger {
		m.Whose = strings.TrimPrefix(m.Whose+", "+view.NotYet, ", ")
	}
	m.Fate, m.Look = fateWords(v, s)
	m.Why = whyWords(f, s)
	if s.Answers != nil {
		m.InAnswer = view.AnswersWords(*s.Answers)
	}
	for _, r := range s.Reactions {
		if emoji := view.EmojiOf(r.Emoji); emoji != "" {
			m.Reacted = append(m.Reacted, cmp.Or(r.Customer, shape.PartyName(f.Contact))+" reacted "+emoji)
		}
	}
	for _, spokenFile := range s.Files {
		m.Shown = append(m.Shown, fileOf(path, s.ID, spokenFile))
	}
	for _, verb := range s.Verbs {
		isBoundToFail := isWithheld && (verb == bridge.VerbSend || verb == bridge.VerbSendAgain)
		if isBoundToFail {
			continue
		}
		m.Buttons = append(m.Buttons, buttonOf(v, s, verb, shape.PartyName(f.Contact)))
	}
	return m
}

// fileOf returns the template data of a message's file. A file without a Path can't be downloaded.
func fileOf(path string, message bridge.MessageID, f bridge.SpokenFile) file {
	shown := file{
		Name:    shape.Or(shape.OneLine(f.Name, shape.MaxNameRunes), "unnamed file"),
		Size:    channels.SizeWords(f.SizeBytes),
		Missing: f.Missing,
	}
	if !f.Readable {
		return shown
	}
	shown.Path = fmt.Sprintf("%s/files/%d/%d", path, message, f.Index)
	if forms.IsSupported(f.Type) && f.SizeBytes <= maxPictureBytes {
		shown.Picture = fmt.Sprintf("%s/pictures/%d/%d", path, message, f.Index)
	}
	return shown
}

// whyWords returns the reason for a message's fate; "" if none needs to be shown.
func whyWords(f bridge.Facts, s *bridge.SpokenMessage) string {
	switch s.Fate {
	case bridge.FateAsk, bridge.FateInside, bridge.FateParked, bridge.FateFailed, bridge.FateUnclear:
		if s.Reason == bridge.ReasonNote { // fateWords already says "Note"
			return ""
		}
		return view.ReasonWords(s.Reason, f)
	case bridge.FateWaiting:
		if s.Unread {
			return "It was typed in a chat that can't be read just now, so nobody can see whether it was changed or deleted there. " +
				"It leaves when the chat is back, and what is written after it follows."
		}
		if s.Behind != "" {
			return "It leaves after the reply of " + s.Behind + " above, which waits for the chat. Let that one go, or take it back."
		}
		return s.Trouble
	default:
		return ""
	}
}

// fateWords returns the fate of a message as text. look is the CSS class of the text: good, warn, bad or "".
func fateWords(v *web.Visit, s *bridge.SpokenMessage) (words, look string) {
	if s.Deleted {
		return "Deleted by the customer, " + timeText(v, s.Revised), "warn"
	}
	if !s.Revised.IsZero() {
		return "Changed by the customer, " + timeText(v, s.Revised), "warn"
	}

	switch s.Fate {
	case bridge.FateInside:
		if s.Reason == bridge.ReasonNote {
			return "Note", ""
		}
		return "Stayed inside", ""
	case bridge.FateAsk:
		return "Not sent yet", "warn"
	case bridge.FateWaiting:
		if s.Until.After(v.Now()) {
			return "Leaves at " + s.Until.In(v.Now().Location()).Format("15:04:05"), "warn"
		}
		return "On its way", "warn"
	case bridge.FateOut:
		return receiptWords(s.Receipt), "good"
	case bridge.FateFailed:
		return "Not delivered", "bad"
	case bridge.FateUnclear:
		return "Nobody knows whether it arrived", "bad"
	case bridge.FateParked:
		return "Kept for later", "warn"
	case bridge.FateUndone:
		return "Taken back", ""
	case bridge.FateDropped:
		return "Given up", ""
	default:
		return "", ""
	}
}

// receiptWords returns the text for the provider's last receipt of a sent message.
func receiptWords(receipt bridge.OutcomeState) string {
	switch receipt {
	case bridge.OutcomeDelivered:
		return "Delivered"
	case bridge.OutcomeRead:
		return "Read"
	default:
		return "Sent"
	}
}

// buttonOf returns the button for a verb that the agent may use on a message. Ask is a question that the browser asks
// before it submits the button.
func buttonOf(v *web.Visit, s *bridge.SpokenMessage, verb bridge.Verb, customer string) button {
	labels := map[bridge.Verb]string{
		bridge.VerbUndo:      "Take back",
		bridge.VerbSend:      "Send to " + customer,
		bridge.VerbKeep:      "Keep inside",
		bridge.VerbDrop:      "Don't send",
		bridge.VerbSendAgain: "Send again",
		bridge.VerbMarkSent:  "Mark as sent",
	}
	b := button{Verb: string(verb), Message: s.ID, Delivery: s.Delivery, Text: cmp.Or(labels[verb], string(verb))}

	if verb == bridge.VerbSend {
		b.Words = s.Words
		if s.Unread {
			b.Text, b.Ask = "Send it as it stands", "Send it to "+customer+" as it stands here, whatever was changed in the chat?"
		}
		if s.Agent != v.Person.ID { // the customer gets it in its author's name
			b.Sure = true
			if !s.Unread {
				b.Text = "Send as " + s.Author
			}
			b.Ask = strings.TrimSpace(b.Ask + " " + shape.SendAsQuestion(s.Author, customer))
		}
	}
	if verb == bridge.VerbSendAgain {
		b.Ask = "Send it again? If it did arrive, " + customer + " gets it twice."
	}
	return b
}
