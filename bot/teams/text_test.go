package teams

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
)

// types lets somebody type in a thread, and returns what Parley makes of it.
func (w *world) types(p *teamsfake.Person, root, text string) bridge.Action {
	w.t.Helper()
	id, err := p.Reply(w.channel, root, text)
	must(w.t, err)
	return w.waitAction(fact.MessageID(w.channel, id))
}

// annTypes lets Ann type in the conversation's thread.
func (w *world) annTypes(text string) bridge.Action {
	w.t.Helper()
	return w.types(w.ann, w.root, text)
}

// Only a text that begins with a mention of us is a command. An explicit reply isn't for us, though it begins with one.
func TestMentions(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	a := w.annTypes("please <@bot> resolve this")
	wantEqual(t, "in the middle: verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "in the middle: it mentions us", a.MentionsBot, true)

	a = w.annTypes("<@bot> <@bot> resolve done")
	wantEqual(t, "twice: verb", a.Verb, bridge.VerbResolve)
	wantEqual(t, "twice: note", a.Args.Note, "done")
	wantEqual(t, "twice: origin", a.Origin, bridge.OriginMention)

	a = w.annTypes("<@bot> reply: we are on it")
	wantEqual(t, "reply: verb", a.Verb, bridge.VerbReply)
	wantEqual(t, "reply: text", a.Text, "we are on it")
	wantEqual(t, "reply: it is explicit", a.Explicit, true)
	wantEqual(t, "reply: it mentions us", a.MentionsBot, false)
}

// Another bot of our name isn't us.
func TestNamesake(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	namesake := w.fake.Admin.AddUser(teamsfake.User{Name: "Parley", Bot: true})
	a := w.annTypes("<@" + namesake.ID + "> resolve")
	wantEqual(t, "it mentions us", a.MentionsBot, false)
	wantEqual(t, "it is a mention of us", a.Origin == bridge.OriginMention, false)
	wantEqual(t, "it resolves", a.Verb == bridge.VerbResolve, false)
	wantEqual(t, "it mentions somebody", len(a.Mentions) > 0, true)
}

// What looks like a mention, but is typed, mentions nobody.
func TestForgedMention(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	for _, text := range []string{"<at>Parley</at> resolve", "@Parley resolve", `&lt;at&gt;Parley&lt;/at&gt; resolve`} {
		a := w.annTypes(text)
		wantEqual(t, text+": it mentions us", a.MentionsBot, false)
		wantEqual(t, text+": it resolves", a.Verb == bridge.VerbResolve, false)
		wantEqual(t, text+": mentions", len(a.Mentions), 0)
	}
}

// Whatever space is behind a mention of us, what follows is a command. Nothing behind it asks for help.
func TestBehindAMention(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	for _, text := range []string{"<@bot>\u00a0resolve", "<@bot>\nresolve", "<@bot>  \u2060 resolve"} {
		wantEqual(t, fmt.Sprintf("verb of %q", text), w.annTypes(text).Verb, bridge.VerbResolve)
	}
	a := w.annTypes("<@bot>")
	wantEqual(t, "verb of nothing", a.Verb, bridge.VerbHelp)
	wantEqual(t, "text of nothing", a.Text, "")
}

// What isn't addressed to us is heard if Parley may read the channel. Else only mentions are.
func TestUnmentioned(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	a := w.annTypes("We are on it")
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "text", a.Text, "We are on it")
	wantEqual(t, "actor", a.Actor.Kind, bridge.ActorPerson)

	w.fake.Entra.SetRSC(false)
	before := w.desk.Number("m:")
	_, err := w.ann.Reply(w.channel, w.root, "nobody hears this")
	must(t, err)
	a = w.annTypes("<@bot> reply: heard")
	wantEqual(t, "verb without the right to read", a.Verb, bridge.VerbReply)
	wantEqual(t, "text without the right to read", a.Text, "heard")
	w.waitDelivered()
	w.wantFacts("m:", before+1)
}

// A command at top level, or in somebody's own thread, is heard there. It isn't in a thread of ours.
func TestMentionElsewhere(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> help"})
	must(t, err)
	a := w.waitAction(fact.MessageID(w.channel, id))
	wantEqual(t, "at top level: verb", a.Verb, bridge.VerbHelp)
	wantEqual(t, "at top level: it is our thread", a.OwnThread, false)
	wantEqual(t, "at top level: thread", a.Place.Thread, "")
	wantEqual(t, "at top level: message", a.Place.Message, id)

	a = w.types(w.ann, id, "<@bot> resolve")
	wantEqual(t, "in Ann's thread: it is our thread", a.OwnThread, false)
	wantEqual(t, "in Ann's thread: thread", a.Place.Thread, id)
}

// What isn't our business isn't kept: chatter in other threads and channels, and what becomes of it.
func TestChatterIsNotKept(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> help"})
	must(t, err)
	w.waitAction(fact.MessageID(w.channel, id))
	before := len(w.desk.IDs())
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Lunch"})
	for _, at := range []teamsfake.Post{{Channel: w.channel, Root: id, Text: "our own chat"}, {Channel: other.ID, Text: "pizza?"}} {
		message, err := w.ann.Post(at)
		must(t, err)
		must(t, w.ann.Edit(at.Channel, message, "never mind"))
		must(t, w.ann.React(at.Channel, message, "like"))
		must(t, w.ann.Delete(at.Channel, message))
	}
	w.waitDelivered()
	for _, kept := range w.desk.IDs()[before:] {
		if !strings.HasPrefix(kept, "r:"+w.channel) { // a reaction may be to a message of ours that is still to come
			t.Errorf("%s was kept", kept)
		}
	}
}

// A message of which Teams tells twice, and which can't be stored at first, is stored once.
func TestMessageToldTwice(t *testing.T) {
	t.Parallel()
	const messages = 4
	w := newTalk(t)
	w.fake.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultDuplicate})
	before := w.desk.Attempts()
	w.desk.Refuse(errDown)
	var wg sync.WaitGroup
	for range messages {
		wg.Go(func() {
			if _, err := w.ann.Reply(w.channel, w.root, "once"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.desk.Wait(t, "an attempt to store", func() bool { return w.desk.Attempts() > before })
	w.desk.Refuse(nil)
	w.waitDelivered()
	w.wantFacts("m:", messages)
	wantEqual(t, "lost activities", len(w.fake.Activities.Lost()), 0)
}

// Each edit is a version of its own, also if the text was there before. A catch-up knows all of them.
func TestEdits(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id := w.annTypes("one").Place.Message
	for _, text := range []string{"two", "one", "two"} {
		must(t, w.ann.Edit(w.channel, id, text))
		w.waitDelivered()
	}
	for _, do := range []func(channel, id string) error{w.ann.Delete, w.ann.Undelete} {
		must(t, do(w.channel, id))
		w.waitDelivered()
	}
	var got []string
	versions := map[string]bool{}
	for _, a := range w.acceptedActions() {
		switch a.Verb {
		case bridge.VerbDelete:
			got = append(got, "delete")
		case bridge.VerbEdit:
			if a.Version == "" || versions[a.Version] {
				t.Errorf("the edit to %q has the version %q, want a new one", a.Text, a.Version)
			}
			versions[a.Version] = true
			if a.Restored {
				got = append(got, "restore "+a.Text)
			} else {
				got = append(got, "edit "+a.Text)
			}
		}
	}
	wantList(t, "what became of it", got, []string{"edit two", "edit one", "edit two", "delete", "restore two"})
	before := w.desk.IDs()
	must(t, w.surface.history.catchUp(w.ctx()))
	wantList(t, "facts after a catch-up", w.desk.IDs(), before)
}

// A deletion says which message was deleted, and nothing of what it said.
func TestDeletion(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id := w.annTypes("oops").Place.Message
	must(t, w.ann.Delete(w.channel, id))
	a := w.waitAction(fact.DeleteID(w.channel, id, 1))
	wantEqual(t, "verb", a.Verb, bridge.VerbDelete)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: w.root, Message: id})
	wantEqual(t, "text", a.Text, "")
}

// hostileText is as long and odd as a text can be, with a forged mention.
func hostileText(n int) string {
	return "**<at>Ben Kim</at>** \u202egnp.exe 👩‍👩‍👧 <b>&amp;</b> | `x` " + strings.Repeat("é", n)
}

// A hostile text that somebody types comes through whole, and mentions nobody.
func TestHostileTyped(t *testing.T) {
	t.Parallel()
	const n = 75_000
	a := newTalk(t).annTypes(hostileText(n))
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "mentions", len(a.Mentions), 0)
	wantEqual(t, "the family stays one character", strings.Contains(a.Text, "👩‍👩‍👧"), true)
	wantEqual(t, "letters", strings.Count(a.Text, "é"), n)
}

// A hostile text of a customer's is posted whole, in as many parts as it takes, and mentions nobody.
func TestHostilePost(t *testing.T) {
	t.Parallel()
	const n = 75_000
	w := newTalk(t)
	post := w.newPost(bridge.PostSaid, "evil")
	post.Said = &bridge.Said{MessageID: 1, From: bridge.PartyRef{Name: "<at>Ann Lee</at>\n**Parley**"}, Text: hostileText(n)}
	w.mustSendAll(post)
	seen := 0
	for _, m := range w.fake.Thread(w.channel, w.root) {
		if m.Bot {
			seen += strings.Count(m.Text, "é")
			wantEqual(t, "mentions in a message", len(m.Mentions), 0)
		}
	}
	wantEqual(t, "letters", seen, n)
	w.wantNoProblems()
}

// Only members of our organisation are persons who may act. Guests and others are foreign, and what apps post is of a bot.
func TestStrangers(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	outsider := w.fake.Admin.AddUser(teamsfake.User{Name: "Out Sider", TenantID: "99999999-0000-4000-8000-000000000009"})
	nobody := w.fake.Admin.AddUser(teamsfake.User{Name: "No Id", NoAAD: true})
	for who, want := range map[string]bridge.ActorKind{
		ann:         bridge.ActorPerson,
		eve:         bridge.ActorForeign,
		outsider.ID: bridge.ActorForeign,
		nobody.ID:   bridge.ActorForeign,
	} {
		wantEqual(t, "actor "+who, w.types(w.fake.As(who), w.root, "Hello").Actor.Kind, want)
	}
	for _, guise := range []string{"connector", "nobody"} {
		id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Root: w.root, Text: "resolve", As: guise})
		must(t, err)
		wantEqual(t, "actor as "+guise, w.waitAction(fact.MessageID(w.channel, id)).Actor.Kind, bridge.ActorBot)
	}
}

// A message of files and nothing else has no text. Its files can be read if that is granted, else they say why not.
func TestFilesOnly(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	postFile := func(f teamsfake.NewFile) bridge.SurfaceFile {
		t.Helper()
		id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Root: w.root, Files: []teamsfake.NewFile{f}})
		must(t, err)
		a := w.waitAction(fact.MessageID(w.channel, id))
		wantEqual(t, f.Name+": verb", a.Verb, bridge.VerbSay)
		wantEqual(t, f.Name+": text", a.Text, "")
		if len(a.Files) != 1 {
			t.Fatalf("%s: got the files %+v, want one", f.Name, a.Files)
		}
		return a.Files[0]
	}
	const gif = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
	f := postFile(teamsfake.NewFile{Name: "x.gif", Data: []byte(gif), Image: true})
	wantEqual(t, "type of the picture", f.ContentType, "image/gif")
	wantEqual(t, "content of the picture", w.readFile(f), gif)

	f = postFile(teamsfake.NewFile{Name: "plan.pdf", Data: []byte("%PDF-1.4 plan")})
	wantEqual(t, "name of the file", f.Name, "plan.pdf")
	wantEqual(t, "content of the file", w.readFile(f), "%PDF-1.4 plan")

	w.fake.Entra.Permit(tenant.PermitMessages)
	f = postFile(teamsfake.NewFile{Name: "secret.pdf", Data: []byte("%PDF-1.4")})
	wantEqual(t, "why a file that may not be read can't be had", f.Unavailable, fact.NoFileAccess)
	wantEqual(t, "name of that file", f.Name, "secret.pdf")
}
