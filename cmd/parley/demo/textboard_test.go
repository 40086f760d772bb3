package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/outside"
)

// textBoard is a surface of plain text: without forms, emoji and commands outside text.
type textBoard struct {
	*bridgetest.Chat

	t       testing.TB
	mu      sync.Mutex
	begun   int             // surfaces made
	filled  int             // and connected, with nothing missed
	heard   map[string]bool // facts that were accepted
	done    []string        // facts of what agents wrote
	pressed int
}

func newTextBoard(t testing.TB) *textBoard {
	c := bridgetest.NewChat(t, bridgetest.User{ID: outside.Ann, Email: "ann@acme.test"}, bridgetest.User{ID: outside.Ben, Email: "ben@acme.test"},
		bridgetest.User{ID: outside.Zoe, Email: "zoe@acme.test"})
	c.Open(outside.Support)
	return &textBoard{Chat: c, t: t, heard: map[string]bool{}}
}

// tokens are what the plain-text surface writes in place of sentences of the cards. What
// several sentences tell is one token there.
func tokens() map[string][]string {
	return map[string][]string{
		"[not_mapped]":   {"know you as an agent"},
		"[edit_late]":    {"after it was sent"},
		"[undone]":       {"Taken back in time"},
		"[woke]":         {"The snooze is over", "The customer wrote"},
		"[snoozed]":      {"snoozed this"},
		"[delayed]":      {"keeps trying"},
		"[failed]":       {"Not delivered"},
		"[unclear]":      {"Nobody can tell"},
		"[assigned]":     {"assigned this to you"},
		"[done] promote": {"This is conversation"},
		"[reopened]":     {"wrote again"},
		"[ask]":          {"It was inside before you changed it", "Plain text waits for a click in this account", "right after a colleague"},
		"continues #":    {"Continues"},
		"= blocked":      {"is blocked"},
	}
}

// labels are the buttons' names in the scripts.
func labels() map[bridge.Verb]string {
	return map[bridge.Verb]string{bridge.VerbSend: "Send to customer", bridge.VerbKeep: "Keep inside", bridge.VerbAllow: "Allow",
		bridge.VerbSendAgain: "Send again", bridge.VerbWake: "Wake", bridge.VerbDrop: "Drop", bridge.VerbPromote: "Make a conversation",
		bridge.VerbSilence: "Silence sender", bridge.VerbBlock: "Block sender", bridge.VerbUnblock: "Unblock sender"}
}

// wire implements board.
func (b *textBoard) wire(_ *app.Env, o *app.Options) {
	o.Surfaces = []app.SurfaceSpec{{Kind: "slack", New: b.surface}}
}

// started implements board.
func (b *textBoard) started(context.Context, string) error { return nil }

// surface connects a Parley.
func (b *textBoard) surface(_ app.Env, o app.SurfaceOptions) (bridge.Surface, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun++
	return bridgetest.NewSurface(b.Chat.URL(), &watchedDesk{Desk: o.Desk, board: b}, 0), nil
}

// watchedDesk notes what reaches Parley, so that a scenario can wait for it.
type watchedDesk struct {
	app.Desk
	board *textBoard
}

// Accept implements app.Desk.
func (d *watchedDesk) Accept(ctx context.Context, facts ...channels.Fact) error {
	if err := d.Desk.Accept(ctx, facts...); err != nil {
		return err
	}
	d.board.mu.Lock()
	defer d.board.mu.Unlock()
	for _, f := range facts {
		d.board.heard[f.ExternalID] = true
	}
	return nil
}

// Filled implements app.Desk.
func (d *watchedDesk) Filled() {
	d.Desk.Filled()
	d.board.mu.Lock()
	defer d.board.mu.Unlock()
	d.board.filled++
}

// stopped implements board.
func (b *textBoard) stopped() {}

// close implements board.
func (b *textBoard) close() {}

// calls implements board.
func (b *textBoard) calls() string { return "" }

// connected implements board.
func (b *textBoard) connected(int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.filled >= b.begun
}

// pending implements board.
func (b *textBoard) pending() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	presses := 0
	for id := range b.heard {
		if strings.HasPrefix(id, "i:") {
			presses++
		}
	}
	return presses < b.pressed || slices.ContainsFunc(b.done, func(id string) bool { return !b.heard[id] })
}

// did notes what agents wrote.
func (b *textBoard) did(kind, id string) {
	fact := kind + ":" + outside.Support + ":" + id
	if kind == "e" {
		fact += fmt.Sprintf(":%06d", b.Get(outside.Support, id).Version)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, fact)
}

// look implements board: there is one channel.
func (b *textBoard) look(string, []string) { b.t.Error(notHere("another channel")) }

// channel implements board.
func (b *textBoard) channel() string { return outside.Support }

// roots implements board.
func (b *textBoard) roots() []shown { return b.list(b.Messages(outside.Support, "")) }

// thread implements board.
func (b *textBoard) thread(root string) []shown { return b.list(b.Messages(outside.Support, root)) }

// whispers implements board.
func (b *textBoard) whispers(who string) []shown { return b.list(b.Whispers(cast()[who])) }

// direct implements board.
func (b *textBoard) direct(who string) []shown { return b.list(b.Messages("@"+cast()[who], "")) }

// forms implements board.
func (b *textBoard) forms(string) []form { return nil }

// notices implements board.
func (b *textBoard) notices(who string) []shown {
	return slices.DeleteFunc(everything(b), func(m shown) bool { return !m.Ours || !m.says("<@"+cast()[who]+">") })
}

// list returns messages as the scripts' words look at them.
func (b *textBoard) list(messages []bridgetest.Message) []shown {
	var list []shown
	for _, m := range messages {
		out := shown{ID: m.ID, Thread: m.Thread, Text: m.Plain(), Body: m.Text, Who: castName(cast(), m.User), Ours: m.User == bridgetest.App, Marks: m.Marks}
		if out.Ours {
			out.Name = m.Name
		}
		if m.Kind == string(bridge.PostSaid) {
			out.Name = m.Name + " (customer)"
		}
		for token, sentences := range tokens() {
			if strings.Contains(m.Plain(), token) {
				out.Text += "\n" + strings.Join(sentences, "\n")
			}
		}
		for _, has := range m.Buttons {
			if label := labels()[has.Verb]; label != "" {
				out.Text += "\n" + label
				out.Buttons = append(out.Buttons, button{Label: label, at: textPlace{m, has.Verb}})
			}
		}
		for _, f := range m.Files {
			out.Files = append(out.Files, f.Name)
		}
		list = append(list, out)
	}
	return list
}

// textPlace is where a button is pressed.
type textPlace struct {
	under bridgetest.Message
	verb  bridge.Verb
}

// typed is a script's text as it is written here.
func (b *textBoard) typed(text string) string {
	return chips(text, func(_, name string) string { return "<@" + cast()[name] + ">" })
}

// post implements board.
func (b *textBoard) post(who string, u utterance) error {
	if u.Aloud || u.Me || u.As != "" {
		return notHere("another guise")
	}
	var files []bridgetest.File
	for _, f := range u.Files {
		if f.Elsewhere {
			return notHere("a file elsewhere")
		}
		files = append(files, bridgetest.File{Name: f.Name, Content: f.Body})
	}
	text := b.typed(u.Text)
	if u.ToParley {
		text = "<@" + bridgetest.App + "> " + text
	}
	b.did("m", b.Say(cast()[who], outside.Support, u.Thread, text, files...))
	return nil
}

// edit implements board.
func (b *textBoard) edit(_, id, text string) error {
	b.Edit(outside.Support, id, b.typed(text))
	b.did("e", id)
	return nil
}

// remove implements board.
func (b *textBoard) remove(_, id string) error {
	b.Delete(outside.Support, id)
	b.did("d", id)
	return nil
}

// restore implements board.
func (b *textBoard) attach(context.Context, string, string, []attached) (string, error) {
	return "", notHere("a form with files")
}

func (b *textBoard) restore(_, _ string) error { return notHere("to bring back a message") }

// search implements board.
func (b *textBoard) search(context.Context, string, string) ([]shown, error) {
	return nil, notHere("to search")
}

// dismiss implements board.
func (b *textBoard) dismiss(context.Context, string, form) error { return notHere("to close a form") }

// press implements board.
func (b *textBoard) press(_ context.Context, who string, at button) error {
	b.mu.Lock()
	b.pressed++
	b.mu.Unlock()
	place := at.at.(textPlace)
	b.Press(b.t, cast()[who], place.under, place.verb)
	return nil
}

// react implements board.
func (b *textBoard) react(_, _, emoji string, _ bool) error { return notHere(emoji) }

// choose implements board.
func (b *textBoard) choose(_ context.Context, _, action, _ string) error { return notHere(action) }

// command implements board.
func (b *textBoard) command(_ context.Context, _, _, text string) error { return notHere(text) }

// submit implements board.
func (b *textBoard) submit(_ context.Context, _ string, _ form, values map[string][]string) (string, error) {
	return "", notHere("a form with " + strings.Join(slices.Sorted(maps.Keys(values)), ", "))
}

// calm implements board.
func (b *textBoard) calm() { b.ClearFaults() }

// suffer implements board.
func (b *textBoard) suffer(trouble string, _ []string) error { return notHere(trouble) }
