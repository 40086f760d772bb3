package teams

import (
	"strings"
	"sync"
	"testing"

	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
)

// talk is a world with a thread in which Ann can type.
func talk(t *testing.T) (*world, *desk, string, *teamsfake.Person) {
	d := newDesk()
	w := newWorld(t, d, nil).connect()
	d.Open(w.channel)
	return w, d, w.thread(d), w.fake.As(ann)
}

// typed lets Ann type in a thread, and gives what Parley makes of it.
func typed(t *testing.T, w *world, d *desk, p *teamsfake.Person, root, text string) bridge.Action {
	t.Helper()
	id, err := p.Reply(w.channel, root, text)
	must(t, err)
	return w.accepted(d, fact.MessageID(w.channel, id))
}

func edgeMentions(t *testing.T) {
	w, d, root, p := talk(t)
	namesake := w.fake.Admin.AddUser(teamsfake.User{Name: "Parley", Bot: true})
	if a := typed(t, w, d, p, root, "please <@bot> resolve this"); a.Verb != bridge.VerbSay || !a.MentionsBot {
		t.Errorf("in the middle: %+v", a)
	}
	if a := typed(t, w, d, p, root, "<@bot> <@bot> resolve done"); a.Verb != bridge.VerbResolve || a.Args.Note != "done" || a.Origin != bridge.OriginMention {
		t.Errorf("twice: %+v", a)
	}
	if a := typed(t, w, d, p, root, "<@bot> reply: we are on it"); a.Verb != bridge.VerbReply || a.Text != "we are on it" || !a.Explicit || a.MentionsBot {
		t.Errorf("an explicit reply: %+v", a)
	}
	if a := typed(t, w, d, p, root, "<@"+namesake.ID+"> resolve"); a.MentionsBot || a.Origin == bridge.OriginMention || a.Verb == bridge.VerbResolve || len(a.Mentions) == 0 {
		t.Errorf("a namesake: %+v", a)
	}
}

func edgeForged(t *testing.T) {
	w, d, root, p := talk(t)
	for _, text := range []string{"<at>Parley</at> resolve", "@Parley resolve", `&lt;at&gt;Parley&lt;/at&gt; resolve`} {
		if a := typed(t, w, d, p, root, text); a.MentionsBot || a.Verb == bridge.VerbResolve || len(a.Mentions) != 0 {
			t.Errorf("%q: %+v", text, a)
		}
	}
}

func edgeSpaces(t *testing.T) {
	w, d, root, p := talk(t)
	for _, text := range []string{"<@bot>\u00a0resolve", "<@bot>\nresolve", "<@bot>  \u2060 resolve"} {
		if a := typed(t, w, d, p, root, text); a.Verb != bridge.VerbResolve {
			t.Errorf("%q: %+v", text, a)
		}
	}
}

func edgeNothing(t *testing.T) {
	w, d, root, p := talk(t)
	if a := typed(t, w, d, p, root, "<@bot>"); a.Verb != bridge.VerbHelp || a.Text != "" {
		t.Errorf("%+v", a)
	}
}

func edgeUnmentioned(t *testing.T) {
	w, d, root, p := talk(t)
	if a := typed(t, w, d, p, root, "We are on it"); a.Verb != bridge.VerbSay || a.Text != "We are on it" || a.Actor.Kind != bridge.ActorPerson {
		t.Errorf("%+v", a)
	}
	w.fake.Entra.SetRSC(false)
	before := d.Number("m:")
	_, err := p.Reply(w.channel, root, "nobody hears this")
	must(t, err)
	if a := typed(t, w, d, p, root, "<@bot> reply: heard"); a.Verb != bridge.VerbReply || a.Text != "heard" {
		t.Errorf("%+v", a)
	}
	w.settled()
	if n := d.Number("m:") - before; n != 1 {
		t.Errorf("%d messages came without the right to read", n)
	}
}

func edgeElsewhere(t *testing.T) {
	w, d, _, p := talk(t)
	id, err := p.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> help"})
	must(t, err)
	if a := w.accepted(d, fact.MessageID(w.channel, id)); a.Verb != bridge.VerbHelp || a.OwnThread || a.Place.Thread != "" || a.Place.Message != id {
		t.Errorf("at top level: %+v", a)
	}
	if a := typed(t, w, d, p, id, "<@bot> resolve"); a.OwnThread || a.Place.Thread != id {
		t.Errorf("in somebody's own thread: %+v", a)
	}
	// What isn't our business isn't kept: chatter in other threads and channels, and what
	// becomes of it.
	before := len(d.IDs())
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Lunch"})
	for _, at := range []teamsfake.Post{{Channel: w.channel, Root: id, Text: "our own chat"}, {Channel: other.ID, Text: "pizza?"}} {
		said, err := p.Post(at)
		must(t, err)
		must(t, p.Edit(at.Channel, said, "never mind"))
		must(t, p.React(at.Channel, said, "like"))
		must(t, p.Delete(at.Channel, said))
	}
	w.settled()
	for _, kept := range d.IDs()[before:] {
		if !strings.HasPrefix(kept, "r:"+w.channel) { // may be of a message that is still to come
			t.Errorf("%s was kept", kept)
		}
	}
}

func edgeTwice(t *testing.T) {
	w, d, root, p := talk(t)
	w.fake.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultDuplicate})
	before := d.Attempts()
	d.Refuse(errDown)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := p.Reply(w.channel, root, "once"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	d.Wait(t, "an attempt to store", func() bool { return d.Attempts() > before })
	d.Refuse(nil)
	w.settled()
	if n := d.Number("m:"); n != 4 || len(w.fake.Activities.Lost()) > 0 {
		t.Errorf("%d facts of 4 messages, lost %v", n, w.fake.Activities.Lost())
	}
}

func edgeEdits(t *testing.T) {
	w, d, root, p := talk(t)
	id, err := p.Reply(w.channel, root, "one")
	must(t, err)
	w.accepted(d, fact.MessageID(w.channel, id))
	for _, text := range []string{"two", "one", "two"} {
		must(t, p.Edit(w.channel, id, text))
		w.settled()
	}
	must(t, p.Delete(w.channel, id))
	w.settled()
	must(t, p.Undelete(w.channel, id))
	w.settled()
	var got []string
	versions := map[string]bool{}
	for _, a := range w.told(d) {
		if a.Verb == bridge.VerbEdit || a.Verb == bridge.VerbDelete {
			got = append(got, string(a.Verb)+" "+a.Text)
			if a.Restored {
				got[len(got)-1] += " restored"
			}
			if a.Verb == bridge.VerbEdit && (a.Version == "" || versions[a.Version]) {
				t.Errorf("version %q of %q", a.Version, a.Text)
			}
			versions[a.Version] = true
		}
	}
	if want := "edit two, edit one, edit two, delete , edit two restored"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	// A catch-up knows all of it.
	before := len(d.IDs())
	must(t, w.s.history.catchUp(within(t)))
	if more := d.IDs()[before:]; len(more) > 0 {
		t.Errorf("a catch-up brought what was known: %v", more)
	}
}

func edgeDeletion(t *testing.T) {
	w, d, root, p := talk(t)
	id, err := p.Reply(w.channel, root, "oops")
	must(t, err)
	w.accepted(d, fact.MessageID(w.channel, id))
	must(t, p.Delete(w.channel, id))
	if a := w.accepted(d, fact.DeleteID(w.channel, id, 1)); a.Verb != bridge.VerbDelete || a.Place != (bridge.Place{Channel: w.channel, Thread: root, Message: id}) || a.Text != "" {
		t.Errorf("%+v", a)
	}
}

func edgeHostile(t *testing.T) {
	w, d, root, p := talk(t)
	text := "**<at>Ben Kim</at>** \u202egnp.exe 👩‍👩‍👧 <b>&amp;</b> | `x` " + strings.Repeat("é", 75_000)
	if a := typed(t, w, d, p, root, text); a.Verb != bridge.VerbSay || len(a.Mentions) != 0 || !strings.Contains(a.Text, "👩‍👩‍👧") || strings.Count(a.Text, "é") != 75_000 {
		t.Errorf("typed: %d runes, mentions %v", len([]rune(a.Text)), a.Mentions)
	}
	post := bridge.Post{Kind: bridge.PostSaid, Token: "evil", Attempt: 1, Place: bridge.Place{Channel: w.channel, Thread: root}, Facts: sampleFacts(),
		Said: &bridge.Said{MessageID: 1, From: bridge.PartyRef{Name: "<at>Ann Lee</at>\n**Parley**"}, Text: text}}
	for more := true; more; post.Part++ {
		sent, err := w.s.Send(within(t), post)
		must(t, err)
		more = sent.More
	}
	seen := 0
	for _, m := range w.fake.Thread(w.channel, root) {
		if m.Bot {
			seen += strings.Count(m.Text, "é")
			if len(m.Mentions) > 0 {
				t.Errorf("a customer mentions %v", m.Mentions)
			}
		}
	}
	if seen != 75_000 || len(w.fake.Problems()) > 0 {
		t.Errorf("%d of 75000 characters arrived; problems %v", seen, w.fake.Problems())
	}
}

func edgeStrangers(t *testing.T) {
	w, d, root, _ := talk(t)
	outsider := w.fake.Admin.AddUser(teamsfake.User{Name: "Out Sider", TenantID: "99999999-0000-4000-8000-000000000009"})
	nobody := w.fake.Admin.AddUser(teamsfake.User{Name: "No Id", NoAAD: true})
	for who, kind := range map[string]bridge.ActorKind{eve: bridge.ActorForeign, outsider.ID: bridge.ActorForeign, nobody.ID: bridge.ActorForeign, ann: bridge.ActorPerson} {
		if a := typed(t, w, d, w.fake.As(who), root, "Hello"); a.Actor.Kind != kind {
			t.Errorf("%s is %+v", who, a.Actor)
		}
	}
	for _, guise := range []string{"connector", "nobody"} {
		id, err := w.fake.As(ann).Post(teamsfake.Post{Channel: w.channel, Root: root, Text: "resolve", As: guise})
		must(t, err)
		if a := w.accepted(d, fact.MessageID(w.channel, id)); a.Actor.Kind != bridge.ActorBot {
			t.Errorf("%s is %+v", guise, a.Actor)
		}
	}
}

func edgeFilesOnly(t *testing.T) {
	w, d, root, p := talk(t)
	post := func(f teamsfake.NewFile) bridge.Action {
		t.Helper()
		id, err := p.Post(teamsfake.Post{Channel: w.channel, Root: root, Files: []teamsfake.NewFile{f}})
		must(t, err)
		return w.accepted(d, fact.MessageID(w.channel, id))
	}
	gif := []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")
	if a := post(teamsfake.NewFile{Name: "x.gif", Data: gif, Image: true}); a.Verb != bridge.VerbSay || a.Text != "" || len(a.Files) != 1 || a.Files[0].ContentType != "image/gif" || read(t, w, a.Files[0]) != string(gif) {
		t.Errorf("a picture only: %+v", a)
	}
	if a := post(teamsfake.NewFile{Name: "plan.pdf", Data: []byte("%PDF-1.4 plan")}); a.Text != "" || len(a.Files) != 1 || a.Files[0].Name != "plan.pdf" || read(t, w, a.Files[0]) != "%PDF-1.4 plan" {
		t.Errorf("a file only: %+v", a)
	}
	w.fake.Entra.Permit(tenant.PermitMessages)
	if a := post(teamsfake.NewFile{Name: "secret.pdf", Data: []byte("%PDF-1.4")}); len(a.Files) != 1 || a.Files[0].Unavailable != fact.NoFileAccess || a.Files[0].Name != "secret.pdf" {
		t.Errorf("a file that may not be read: %+v", a)
	}
}
