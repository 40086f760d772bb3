package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// A deleted text can't be sent any more, neither by the button of an older line about it nor by a typed command.
func TestDeletedIsNotSent(t *testing.T) {
	t.Parallel()
	for name, sends := range map[string]func(w *world, thread string){
		"by the button": func(w *world, _ string) {
			w.chat.Press(w.t, "ben", w.waitWhisper("ben", "not_assignee"), bridge.VerbSend)
			w.waitWhisper("ben", "[decided]")
		},
		"by a command": func(w *world, thread string) {
			w.chat.Say("ben", support, thread, "!send")
			w.waitWhisper("ben", "know which")
		},
	} {
		t.Run("kept inside, "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.reply(thread, "!take")
			w.waitCard(thread, "Ann")
			text := w.chat.Say("ben", support, thread, "He lies")
			w.waitWhisper("ben", "not_assignee")

			w.chat.Delete(support, text)
			w.waitDrained()
			sends(w, thread)
			w.waitDrained()
			w.wantNothingSent()
		})
	}
	for name, undone := range map[string]bool{"deleted in its hold": false, "taken back, then deleted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: time.Hour})
			thread := w.openThread()
			text := w.replyInHold(thread, "He lies")
			var line bridgetest.Message
			if undone {
				w.reply(thread, "!undo")
				line = w.waitLine(thread, bridge.LineUndone)
			}
			w.chat.Delete(support, text)
			w.waitDrained()

			w.reply(thread, "!send")
			w.waitWhisper("ann", "know which")
			if undone {
				w.chat.Press(t, "ann", line, bridge.VerbSend)
				w.waitWhisper("ann", "[decided]")
			}
			w.advance(2 * time.Hour)
			w.waitDrained()
			w.wantNothingSent()
		})
	}
}

// Send sends the words that the agent has seen. If the author has edited the text since the button was shown, the new
// words are shown first, with a button of their own.
func TestSendSendsWhatWasSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		clicks string // ben is the author
		edited string
		told   string // "[decided]" means that the text can't be sent any more
	}{
		"by its author":                      {clicks: "ben", edited: "It takes longer", told: "[ask]"},
		"for a colleague":                    {clicks: "ann", edited: "It takes longer", told: "[send_as]"},
		"by its author, perhaps internal":    {clicks: "ben", edited: "internal: it takes longer", told: "[ask]"},
		"for a colleague, surely internal":   {clicks: "ann", edited: "<@cat> it takes longer", told: "[decided]"},
		"for a colleague, perhaps internal":  {clicks: "ann", edited: "internal: it takes longer", told: "[send_as]"},
		"by its author, and surely internal": {clicks: "ben", edited: "<@cat> it takes longer", told: "[decided]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.reply(thread, "!take")
			w.waitCard(thread, "Ann")
			text := w.chat.Say("ben", support, thread, "We can do it")
			line := w.waitWhisper("ben", "not_assignee")
			if c.clicks == "ann" {
				w.chat.Press(t, "ann", line, bridge.VerbSend)
				line = w.waitWhisper("ann", "[send_as]")
			}

			// The author edits the text after the button was shown.
			seen := len(w.chat.Whispers(c.clicks))
			w.chat.Edit(support, text, c.edited)
			w.eventually("the edit", func() bool {
				return w.count(`SELECT count(*) FROM messages WHERE place = $1 AND text LIKE '%t takes longer'`, text) == 1
			})

			w.chat.Press(t, c.clicks, line, bridge.VerbSend)
			w.eventually("it is asked again", func() bool { return len(w.chat.Whispers(c.clicks)) > seen })
			told := w.chat.Whispers(c.clicks)[seen]
			wantPrefix(t, "what "+c.clicks+" is told", told.Plain(), c.told)
			w.waitDrained()
			w.wantNothingSent()

			if c.told != "[decided]" {
				wantWords(t, "what "+c.clicks+" is told", told.Plain(), "t takes longer")
				w.chat.Press(t, c.clicks, told, bridge.VerbSend)
				w.provider.WaitCalls(t, 1)
			}
		})
	}
}

// A text was edited since the inbox page was opened. The page's button doesn't send it until the page shows the new
// words.
func TestInboxSendsWhatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, p := w.openThread(), w.inboxPage()
	text := w.chat.Say("ann", support, thread, "internal: fine")
	w.waitLine(thread, bridge.LineAsk)
	shown := p.newest("ann")
	send := bridge.Act{Verb: bridge.VerbSend, Args: bridge.Args{Message: shown.ID, ReplyArgs: bridge.ReplyArgs{Shown: shown.Words}}}
	w.chat.Edit(support, text, "internal: it is fine")
	w.eventually("the edit", func() bool { return p.newest("ann").Words != shown.Words })

	p.waitResult("ann", p.act("ann", send), bridge.ActRefused, "edited since")
	send.Args.Shown = p.newest("ann").Words
	p.act("ann", send)
	w.provider.WaitTexts(t, "internal: it is fine")
}

// Teams opens a form that asks whether to send a message of the thread. If the author edits the message while the form is
// open, the form doesn't send it.
func TestSendFormSendsWhatWasSeen(t *testing.T) {
	t.Parallel()
	for name, edited := range map[string]string{"as it was": "", "edited into a word to a colleague": "<@cat> he lies"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.reply(thread, "!take")
			w.waitCard(thread, "Ann")
			text := w.chat.Say("ben", support, thread, "He lies")
			w.waitWhisper("ben", "not_assignee")

			shown, words, err := w.engines[0].Desk(w.surface).WordsAt(t.Context(), bridge.Place{
				Channel: support,
				Thread:  thread,
				Message: text,
			}, "ben")
			if err != nil || shown != "He lies" {
				t.Fatalf("the form shows %q: %v", shown, err)
			}
			if edited != "" {
				w.chat.Edit(support, text, edited)
				w.eventually("the edit", func() bool { return w.count(`SELECT count(*) FROM messages WHERE text = 'He lies'`) == 0 })
			}

			open := w.chat.Get(support, text)
			open.Buttons = []bridgetest.Button{{Verb: bridge.VerbSend, Args: bridge.Args{ReplyArgs: bridge.ReplyArgs{Shown: words}}}}
			w.chat.Press(t, "ben", open, bridge.VerbSend)
			if edited == "" {
				w.provider.WaitTexts(t, "He lies")
				return
			}
			w.waitWhisper("ben", "[decided]")
			w.waitDrained()
			w.wantNothingSent()
		})
	}
}
