package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// ten tags and four labels are there from the start. Taking off one that nobody knows makes none.
func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	var names []string
	for _, tag := range must(w.engines[0].Desk(w.surface).TagNames(t.Context()))(t) {
		names = append(names, tag.Name)
	}
	want := []string{
		"Bug Report", "Escalated", "Feature Request", "Follow-up Required", // labels
		"Billing", "Sales", "Support", "Billing Issue", "Complaint", "Product Question", "Technical Issue", // topics and issues
		"Urgent", "New User", "VIP Customer", // priorities and segments
	}
	if !slices.Equal(names, want) {
		t.Errorf("at first there are the tags %q, want %q", names, want)
	}
	w.customerWrites("kim", "Hello")
	root := w.waitCardWith("Kim")
	w.chat.Say("ann", support, root.ID, "!tag Billing")
	w.waitCard(root.ID, "Billing")
	w.chat.Say("ann", support, root.ID, "!untag BILLING, Biling")
	w.eventually("the tag is off", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE 'Billing' = ANY(tags)`) == 0 })
	if n := w.count(`SELECT count(*) FROM tags WHERE name = 'Biling'`); n != 0 {
		t.Errorf("there is %d tag of that name, want none", n)
	}
}

// A command with a tag that can't be changes nothing: neither tags of the conversation, nor the list.
func TestRefusedTagsChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	release := w.holdQueues(w.surface)
	w.reply(thread, "!tag Lamps, "+strings.Repeat("x", 41))
	w.reply(thread, "!topic Two lamps") // in the same batch: what was changed would be written
	w.waitQueued(2)
	release()
	w.eventually("the topic", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE subject = 'Two lamps'`) == 1 })
	w.waitWhisper("ann", "1 to 40 letters")
	n := w.count(`SELECT (SELECT count(*) FROM conversations WHERE tags <> '{}') + (SELECT count(*) FROM tags WHERE name = 'Lamps')`)
	if n != 0 {
		t.Error("a part of the command had its effect")
	}
}

// a tag with a new name has it in all its conversations, also where it is typed by the name that it had. A card shows the new
// name when somebody next writes, or something changes.
func TestRenamedTag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!tag Sales")
	w.waitCard(thread, "Sales")
	w.exec(`DELETE FROM tags WHERE name = 'Sales'`)
	w.exec(`INSERT INTO tags (name, kind, formerly) VALUES ('New Business', 'label', '{Sales}')`)
	w.exec(`UPDATE settings SET version = version + 1`)
	w.eventually("the name is known", func() bool {
		return slices.ContainsFunc(must(w.engines[0].Desk(w.surface).TagNames(t.Context()))(t), func(tag bridge.Tag) bool {
			return tag.Name == "New Business"
		})
	})
	w.customerWrites("kim", "Hello?")
	w.waitCard(thread, "New Business")
	w.reply(thread, "!tag sales, Urgent")
	w.waitCard(thread, "Urgent")
	if n := w.count(`SELECT count(*) FROM tags WHERE name = 'Sales'`); n != 0 {
		t.Error("the former name is a tag again")
	}
	w.reply(thread, "!untag sales")
	w.eventually("the tag is off", func() bool { return w.text(`SELECT tags FROM conversations`) == "{Urgent}" })
}

// Where a tag is required, an agent resolves nothing without one, and may name it with the verb. A new tag that is nearly one that there
// is needs a second word; an emoji and what ends by itself make none.
// Requirement R-160: A tag on everything.
// Requirement R-152: New tags with colours.
func TestRequiredTag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"require_tag": "on"}})
	thread := w.openThread()
	w.reply(thread, "!resolve all is well")
	w.waitWhisper("ann", "It needs a tag first.")
	w.reply(thread, "!resolve #billings all is well")
	w.waitWhisper("ann", "There is already “Billing”.")
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'open' AND tags = '{}'`); n != 1 {
		t.Errorf("%d conversations are open and untagged, want 1", n)
	}
	near := bridge.Args{Conversation: 1, Tags: []string{"Billing Issues"}, Note: "it was paid"}
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbResolve, Args: near}, "")
	asked := w.waitWhisper("ann", "Create “Billing Issues” anyway?")
	wantWords(t, "the question", asked.Plain(), "it was paid")
	w.chat.Press(t, "ann", asked, bridge.VerbResolve)
	wantWords(t, "the line about the end", w.waitLine(thread, bridge.LineResolved).Plain(), "it was paid")
	w.waitCard(thread, "Billing Issues")
	w.waitCard(thread, "resolved")

	w.customerWrites("lea", "Hello from lea")
	thread = w.waitThread("Hello from lea")
	w.reply(thread, "!resolve #billing issue all is well")
	wantWords(t, "the line about the end", w.waitLine(thread, bridge.LineResolved).Plain(), "all is well")
	w.waitCard(thread, "Billing Issue")
	w.waitCard(thread, "resolved")
}

// A single message gets tags, by which its conversation is found; a new one that is nearly one that there is needs a second word. A
// message of somebody else's conversation gets none, and tags stay unless a setting lets them go.
// Requirement R-163: Tags on messages.
// Requirement R-164: Tags on messages stay.
func TestTagsOfMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.customerWrites("lea", "Hello from lea")
	w.waitThread("Hello from lea")
	ofKim := store.MessageID(w.count(`SELECT id FROM messages WHERE text NOT LIKE '%lea%' AND direction = 'in'`))
	ofLea := store.MessageID(w.count(`SELECT id FROM messages WHERE text LIKE '%lea%'`))
	submit := func(args bridge.Args) {
		args.Conversation = 1
		w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbTagMessages, Args: args}, "")
	}

	submit(bridge.Args{Messages: []store.MessageID{ofLea}, Tags: []string{"Sales"}})
	w.waitWhisper("ann", "No message of this conversation was chosen.")
	submit(bridge.Args{Messages: []store.MessageID{ofKim, ofLea}, Tags: []string{"billings"}})
	asked := w.waitWhisper("ann", "There is already “Billing”.")
	w.chat.Press(t, "ann", asked, bridge.VerbTagMessages)
	wantWords(t, "the line", w.waitLine(thread, bridge.LineDone).Plain(), "Hello")
	desk := w.engines[0].Desk(w.surface)
	w.eventually("the tag is known", func() bool {
		l, err := desk.List(t.Context(), bridge.ListQuery{List: bridge.ListAll, ListView: bridge.ListView{Tag: "billings"}}, "ann")
		return err == nil && len(l.Rows) == 1 && l.Rows[0].ID == 1
	})
	submit(bridge.Args{Messages: []store.MessageID{ofKim}, Tags: []string{"billings"}, Remove: true})
	w.waitWhisper("ann", "Tags of messages stay")
	spoken, _, err := desk.Spoken(t.Context(), 1, bridge.Place{}, "ann")
	if err != nil || len(spoken[0].Tags) != 1 || spoken[0].Tags[0].Name != "billings" {
		t.Errorf("the message has the tags %v, %v; want billings", spoken[0].Tags, err)
	}

	w.exec(`UPDATE settings SET account_settings = '{"message_tags_locked": "off"}', version = version + 1`)
	w.eventually("it may go", func() bool { return must(desk.Facts(t.Context(), 1, "ann"))(t).Account.MayUntag })
	submit(bridge.Args{Messages: []store.MessageID{ofKim}, Tags: []string{"billings"}, Remove: true})
	w.eventually("it is gone", func() bool { return w.count(`SELECT count(*) FROM message_tags`) == 0 })
}
