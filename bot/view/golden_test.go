package view

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// dump shows all of a card for golden files: pieces by type, buttons with what they do.
func dump(title string, c Card) string {
	var b strings.Builder
	fmt.Fprintf(&b, "=== %s\n", title)
	if c.Title != "" {
		fmt.Fprintf(&b, "title  %s\n", c.Title)
	}
	if c.Name != "" {
		fmt.Fprintf(&b, "name   %s\n", c.Name)
	}
	dumpBlocks(&b, c.Blocks)
	for _, button := range c.Buttons {
		b.WriteString("button " + dumpButton(button) + "\n")
	}
	return b.String() + "\n"
}

func dumpBlocks(b *strings.Builder, blocks []Block) {
	for _, block := range blocks {
		if block.Kind == BlockBody || block.Kind == BlockQuote {
			fmt.Fprintf(b, "%-6s %q\n", block.Kind, block.Text)
			continue
		}
		fmt.Fprintf(b, "%-6s ", block.Kind)
		for _, p := range block.Pieces {
			switch p.Kind {
			case PieceText:
				b.WriteString(p.Text)
			case PieceIcon:
				b.WriteString(":" + p.Text + ":")
			case PieceMention:
				b.WriteString("<@" + string(p.Agent.User) + " " + p.Text + ">")
			case PieceTime:
				b.WriteString("<time " + shape.PlainTime(p.At, p.Zone) + ">")
			case PieceLink:
				b.WriteString("<link " + p.Text + " " + p.URL + ">")
			case PieceChat:
				b.WriteString("<chat " + p.Agent.Name + " " + p.Text + ">")
			case PieceThread:
				b.WriteString("<thread " + p.Text + " " + p.Place.Channel + " " + p.Place.Message + ">")
			case PieceTag:
				b.WriteString("<tag " + p.Text + " " + p.Color + ">")
			case PieceBold, PieceCode:
				b.WriteString("<" + string(p.Kind) + " " + p.Text + ">")
			}
		}
		b.WriteByte('\n')
		for _, button := range block.Buttons {
			b.WriteString("       " + dumpButton(button) + "\n")
		}
	}
}

func dumpButton(b Button) string {
	s := fmt.Sprintf("[%s] %s %s", b.Label, b.Verb, b.Value)
	if b.Opens != "" {
		s += " opens=" + string(b.Opens)
	}
	if b.Style != "" {
		s += " style=" + string(b.Style)
	}
	if b.Confirm != "" {
		s += " confirm=" + b.Confirm
	}
	return s
}

func dumpForm(title string, f Form) string {
	var b strings.Builder
	fmt.Fprintf(&b, "=== %s\ntitle  %s\n", title, f.Title)
	dumpBlocks(&b, f.Intro)
	for _, field := range f.Fields {
		fmt.Fprintf(&b, "field  %s %s %q", field.Name, field.Kind, field.Label)
		if field.Optional {
			b.WriteString(" optional")
		}
		if field.Hint != "" {
			fmt.Fprintf(&b, " hint=%q", field.Hint)
		}
		if field.Example != "" {
			fmt.Fprintf(&b, " example=%q", field.Example)
		}
		if len(field.Value) > 0 {
			fmt.Fprintf(&b, " value=%q", field.Value)
		}
		b.WriteByte('\n')
		for _, o := range field.Options {
			fmt.Fprintf(&b, "       (%s) %s\n", o.Value, o.Label)
		}
	}
	fmt.Fprintf(&b, "submit %s -> %s %s\n\n", f.Submit, f.Verb, verb.Value(f.Args))
	return b.String()
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. what says whose it is.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

// wantWords checks that what is shown contains each of these words.
func wantWords(t *testing.T, shown string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(shown, w) {
			t.Errorf("want %q in:\n%s", w, shown)
		}
	}
}

// The people and the conversation of the tests.

func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	noError(t, err)
	return loc
}

func now(t testing.TB) time.Time { return time.Date(2026, 11, 20, 10, 7, 0, 0, berlin(t)) }

func ann() bridge.AgentRef {
	return bridge.AgentRef{ID: 1, Name: "Ann Lee", User: "UANN", Email: "ann@acme.test", IsAdmin: true}
}
func bob() bridge.AgentRef {
	return bridge.AgentRef{ID: 2, Name: "Bob Ray", User: "UBOB", Email: "bob@acme.test"}
}
func eve() bridge.AgentRef {
	return bridge.AgentRef{ID: 3, Name: "Eve Fox", Email: "eve@acme.test"} // not on this surface
}

// facts returns an open conversation that nobody has, as Bob sees it.
func facts(t testing.TB) bridge.Facts {
	n := now(t)
	return bridge.Facts{
		ID:      12,
		Status:  bridge.StatusOpen,
		Subject: "Broken lamp",
		Account: bridge.Account{ChannelKind: "email", ChannelName: "E-mail", ChannelIcon: "email", Name: "support-mail",
			Mode: bridge.ModeLive},
		People:      bridge.People{Team: "Support"},
		Contact:     bridge.PartyRef{Name: "Carla Diaz", Address: "carla@shop.example"},
		Recipients:  bridge.Recipients{To: []bridge.PartyRef{{Name: "Carla Diaz", Address: "carla@shop.example"}}},
		Times:       bridge.Times{CreatedAt: n.Add(-2 * time.Hour), WaitingSince: n.Add(-time.Hour)},
		LastMessage: bridge.LastMessage{At: n.Add(-time.Hour), Preview: "It flickers since Monday.", From: "customer"},
		Thread:      bridge.Thread{Root: bridge.Place{Channel: "C1", Message: "100.1"}},
		Viewer:      bob(),
		Zone:        berlin(t),
	}
}

// full returns facts with everything that they can have.
func full(t testing.TB) bridge.Facts {
	f := facts(t)
	f.Assignees = []bridge.AgentRef{ann(), bob()}
	f.Tags = []bridge.Tag{{Name: "billing", Color: "#1d4d4f"}, {Name: "late delivery", Color: "#aa0000"}}
	f.Recipients.Cc = []bridge.PartyRef{{Name: "Dan", Address: "dan@shop.example"}, {Name: "eli@shop.example", Address: "eli@shop.example"}}
	f.Window.Until = now(t).Add(20 * time.Hour)
	f.Previous, f.PreviousAt = 9, bridge.Place{Channel: "C1", Message: "90.1"}
	f.Account.Mode, f.Viewer = "trial", ann()
	f.Replying = []bridge.Replying{{By: bob(), Since: now(t).Add(-2*time.Minute - time.Second)}, {By: ann(), Since: now(t).Add(-time.Minute)}}
	f.AlsoOpen = []bridge.OpenRef{
		{ID: 14, Root: bridge.Place{Channel: "C1", Message: "140.1"}, Assignees: []bridge.AgentRef{bob()}},
		{ID: 3},
		{ID: 2},
		{ID: 1},
	}
	return f
}

// with returns a copy of facts with a change.
func with(f bridge.Facts, change func(*bridge.Facts)) bridge.Facts {
	change(&f)
	return f
}
