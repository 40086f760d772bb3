package slack

import (
	"testing"

	"parley/bridge"
)

// Confirm says whether a message is still in Slack as the engine knows it. If it was changed there, Confirm stores
// that as a fact, so that the engine learns of it.

// askedMessage is a message of Ann's about which Confirm is asked, between two others.
type askedMessage struct {
	*world
	at    bridge.Place // where it is
	known bridge.Place // where the engine believes that it is
}

// askedText is the message's text, as the engine knows it.
const askedText = "Dear **customer**"

// forEachPlacement runs a check for messages in a thread and outside of all threads. The engine may know a message in
// a thread only by its id.
func forEachPlacement(t *testing.T, check func(*testing.T, *askedMessage)) {
	t.Helper()
	for _, tt := range []struct {
		name          string
		inThread      bool
		isThreadKnown bool
	}{
		{name: "in a thread", inThread: true, isThreadKnown: true},
		{name: "in a thread that the engine doesn't know", inThread: true},
		{name: "at top level"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := &askedMessage{world: newWorld(t)}

			root := m.postRoot()
			m.at.Channel = m.channel
			if tt.inThread {
				m.at.Thread = root.Message
			}

			m.postAsAnn(m.at.Thread, "another")
			m.at.Message = m.postAsAnn(m.at.Thread, "Dear *customer*")
			m.postAsAnn(m.at.Thread, "yet another")

			m.known = m.at
			if !tt.isThreadKnown {
				m.known.Thread = ""
			}
			check(t, m)
		})
	}
}

// wantConfirmed checks what Confirm says about the message if the engine knows it with this text.
func (m *askedMessage) wantConfirmed(text string, want bridge.Confirmation) {
	m.t.Helper()
	got, err := m.surface.Confirm(m.ctx(), m.known, text)
	noError(m.t, err)
	if got != want {
		m.t.Errorf("Confirm(%q) = %v, want %v", text, got, want)
	}
}

// edit has Ann edit the message. Parley gets no event about it.
func (m *askedMessage) edit(text string) {
	m.t.Helper()
	noError(m.t, m.fake.As(m.ann).Edit(m.channel, m.at.Message, text))
}

func TestConfirmUnchangedMessage(t *testing.T) {
	t.Parallel()
	forEachPlacement(t, func(_ *testing.T, m *askedMessage) {
		m.wantConfirmed(askedText, bridge.Unchanged)
		m.wantFacts(allFacts, 0)
	})
}

// Confirm stores an edit when it is first asked (case 35).
func TestConfirmStoresAnEdit(t *testing.T) {
	t.Parallel()
	forEachPlacement(t, func(t *testing.T, m *askedMessage) {
		m.edit("note: he is rude")
		m.wantConfirmed(askedText, bridge.Changed)
		m.wantFacts(editFacts, 1)
		a := m.waitAction(editFacts + m.channel + ":" + m.at.Message)
		wantEqual(t, "verb", a.Verb, bridge.VerbEdit)
		wantEqual(t, "text", a.Text, "he is rude")
		wantEqual(t, "place", a.Place, m.at)
		wantEqual(t, "in a thread of ours", a.OwnThread, m.at.Thread != "")
	})
}

// A message that was edited into a note must not leave, even if the engine knows it with just these words.
func TestConfirmMessageThatBecameANote(t *testing.T) {
	t.Parallel()
	forEachPlacement(t, func(_ *testing.T, m *askedMessage) {
		m.edit("note: he is rude")
		m.wantConfirmed(askedText, bridge.Changed) // stores the edit
		m.wantConfirmed("he is rude", bridge.Changed)
	})
}

func TestConfirmStoresADeletion(t *testing.T) {
	t.Parallel()
	forEachPlacement(t, func(t *testing.T, m *askedMessage) {
		noError(t, m.fake.As(m.ann).Delete(m.channel, m.at.Message))
		m.wantConfirmed(askedText, bridge.Gone)
		a := m.waitAction(DeleteID(m.channel, m.at.Message))
		wantEqual(t, "verb", a.Verb, bridge.VerbDelete)
		wantEqual(t, "channel", a.Place.Channel, m.at.Channel)
		wantEqual(t, "message", a.Place.Message, m.at.Message)
		if m.known.Thread != "" { // otherwise its thread isn't known
			wantEqual(t, "thread", a.Place.Thread, m.known.Thread)
		}
	})
}
