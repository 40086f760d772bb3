package demo

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/cmd/parley/app"
)

// textBoard is the board of a plain-text chat. Its people have no forms and no emoji, and give commands only in messages.
type textBoard struct {
	*bridgetest.Chat

	t            testing.TB
	surfacesMade atomic.Int64 // one for each Parley that was started, also for those that have been stopped
}

var _ board = (*textBoard)(nil)

func newTextBoard(t testing.TB) *textBoard {
	c := bridgetest.NewChat(t, bridgetest.User{ID: Ann, Email: "ann@acme.test"},
		bridgetest.User{ID: Ben, Email: "ben@acme.test"},
		bridgetest.User{ID: Zoe, Email: "zoe@acme.test"})
	c.Open(Support)
	return &textBoard{Chat: c, t: t}
}

// tokens maps each token that the plain-text surface writes to the sentences for which scripts look in its place.
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

// labels are the names that scripts use for buttons.
func labels() map[bridge.Verb]string {
	return map[bridge.Verb]string{
		bridge.VerbSend:      "Send to customer",
		bridge.VerbKeep:      "Keep inside",
		bridge.VerbAllow:     "Allow",
		bridge.VerbSendAgain: "Send again",
		bridge.VerbWake:      "Wake",
		bridge.VerbDrop:      "Drop",
		bridge.VerbPromote:   "Make a conversation",
		bridge.VerbSilence:   "Silence sender",
		bridge.VerbUnsilence: "Show sender again",
	}
}

// The next methods connect Parley with the chat, see boardWires.

func (b *textBoard) wire(_ *app.Env, o *app.Options) {
	o.Surfaces = []app.SurfaceSpec{{Kind: "slack", New: b.newSurface}}
}

func (b *textBoard) newSurface(_ app.Env, o app.SurfaceOptions) (bridge.Surface, error) {
	b.surfacesMade.Add(1)
	return bridgetest.NewSurface(b.URL(), o.Desk, 0), nil
}

func (b *textBoard) started(context.Context, string) error { return nil }
func (b *textBoard) stopped()                              {}
func (b *textBoard) close()                                {}
func (b *textBoard) calls() string                         { return "" }

// connected compares the connections with all surfaces made so far, since the connection of a stopped Parley may last a
// moment longer.
func (b *textBoard) connected(int) bool {
	return int64(b.Connected()) >= b.surfacesMade.Load() && b.Taken()
}

func (b *textBoard) pending() bool { return !b.Taken() }

// The next methods tell what people see, see boardView.

func (b *textBoard) channel() string             { return Support }
func (b *textBoard) roots() []shown              { return b.list(b.Messages(Support, "")) }
func (b *textBoard) thread(root string) []shown  { return b.list(b.Messages(Support, root)) }
func (b *textBoard) whispers(who string) []shown { return b.list(b.Whispers(cast()[who])) }
func (b *textBoard) direct(who string) []shown   { return b.list(b.Messages("@"+cast()[who], "")) }
func (b *textBoard) forms(string) []form         { return nil }
func (b *textBoard) look(string, []string)       { b.t.Error(notHere("another channel")) }

func (b *textBoard) notices(who string) []shown {
	return slices.DeleteFunc(everything(b), func(m shown) bool { return !m.Ours || !m.shows("<@"+cast()[who]+">") })
}

// list returns messages in the words of the scripts.
func (b *textBoard) list(messages []bridgetest.Message) []shown {
	var list []shown
	for _, m := range messages {
		list = append(list, textShown(m))
	}
	return list
}

// textShown returns a message in the words of the scripts.
func textShown(m bridgetest.Message) shown {
	out := shown{
		ID:     m.ID,
		Thread: m.Thread,
		Text:   m.Plain(),
		Body:   m.Text,
		Who:    castName(cast(), m.User),
		Ours:   m.User == bridgetest.App,
		Marks:  m.Marks,
	}
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
	for _, b := range m.Buttons {
		if label := labels()[b.Verb]; label != "" {
			out.Text += "\n" + label
			out.Buttons = append(out.Buttons, button{Label: label, at: textPlace{m, b.Verb}})
		}
	}
	for _, f := range m.Files {
		out.Files = append(out.Files, f.Name)
	}
	return out
}

// textPlace is where a button is pressed.
type textPlace struct {
	under bridgetest.Message
	verb  bridge.Verb
}

// The next methods do what people do, see boardHands.

// typed returns a script's text as people write it in this chat.
func (b *textBoard) typed(text string) string {
	return chips(text, func(_, name string) string { return "<@" + cast()[name] + ">" })
}

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
	b.Say(cast()[who], Support, u.Thread, text, files...)
	return nil
}

func (b *textBoard) edit(_, id, text string) error {
	b.Edit(Support, id, b.typed(text))
	return nil
}

func (b *textBoard) remove(_, id string) error {
	b.Delete(Support, id)
	return nil
}

func (b *textBoard) press(_ context.Context, who string, at button) error {
	place := at.at.(textPlace)
	b.Press(b.t, cast()[who], place.under, place.verb)
	return nil
}

// A plain-text chat offers none of the following.

func (b *textBoard) restore(_, _ string) error              { return notHere("to bring back a message") }
func (b *textBoard) react(_, _, emoji string, _ bool) error { return notHere(emoji) }

func (b *textBoard) choose(_ context.Context, _, action, _ string) error { return notHere(action) }
func (b *textBoard) command(_ context.Context, _, _, text string) error  { return notHere(text) }

func (b *textBoard) search(context.Context, string, string) ([]shown, error) {
	return nil, notHere("to search")
}

func (b *textBoard) submit(_ context.Context, _ string, _ form, values map[string][]string) (string, error) {
	return "", notHere("a form with " + strings.Join(slices.Sorted(maps.Keys(values)), ", "))
}

func (b *textBoard) dismiss(context.Context, string, form) error { return notHere("to close a form") }

func (b *textBoard) attach(context.Context, string, string, []attached) (string, error) {
	return "", notHere("a form with files")
}

// The next methods cause trouble, see boardWeather.

func (b *textBoard) calm()                                   { b.ClearFaults() }
func (b *textBoard) suffer(trouble string, _ []string) error { return notHere(trouble) }
