package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// ten tags are there from the start. Taking off one that nobody knows makes none.
func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	var names []string
	for _, tag := range must(w.engines[0].Desk(w.surface).TagNames(t.Context()))(t) {
		names = append(names, tag.Name)
	}
	slices.Sort(names)
	if want := []string{"Billing", "Billing Issue", "Complaint", "New User", "Product Question", "Sales", "Support", "Technical Issue", "Urgent", "VIP Customer"}; !slices.Equal(names, want) {
		t.Errorf("at first there are the tags %q", names)
	}
	w.writes("kim", "Hello")
	root := w.cardWith("Kim")
	w.chat.Say("ann", support, root.ID, "!tag Billing")
	w.card(root.ID, "Billing")
	w.chat.Say("ann", support, root.ID, "!untag BILLING, Biling")
	w.eventually("the tag is off", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE 'Billing' = ANY(tags)`) == 0 })
	if n := w.count(`SELECT count(*) FROM tags WHERE name = 'Biling'`); n != 0 {
		t.Errorf("there is %d tag of that name", n)
	}
}

// A command with a tag that can't be changes nothing: neither tags of the conversation, nor the list.
func TestRefusedTagsChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	release := w.holdQueues(w.surface)
	w.reply(thread, "!tag Lamps, "+strings.Repeat("x", 41))
	w.reply(thread, "!topic Two lamps") // in the same batch: what was changed would be written
	w.eventually("both are stored", func() bool { return w.count(`SELECT count(*) FROM queued`) == 2 })
	release()
	w.eventually("the topic", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE subject = 'Two lamps'`) == 1 })
	w.whisper("ann", "1 to 40 letters")
	if n := w.count(`SELECT (SELECT count(*) FROM conversations WHERE tags <> '{}') + (SELECT count(*) FROM tags WHERE name = 'Lamps')`); n != 0 {
		t.Error("a part of the command had its effect")
	}
}

// A command that is refused because of too many tags makes none of them.
func TestTooManyTagsMakeNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	var names []string
	for i := range 21 {
		names = append(names, fmt.Sprint("Lamp ", i))
	}
	release := w.holdQueues(w.surface)
	w.reply(thread, "!tag "+strings.Join(names, ", "))
	w.reply(thread, "!topic Many lamps") // in the same batch: what was changed would be written
	w.eventually("both are stored", func() bool { return w.count(`SELECT count(*) FROM queued`) == 2 })
	release()
	w.eventually("the topic", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE subject = 'Many lamps'`) == 1 })
	w.whisper("ann", "at most 20 tags")
	if n := w.count(`SELECT (SELECT count(*) FROM conversations WHERE tags <> '{}') + (SELECT count(*) FROM tags WHERE name LIKE 'Lamp %')`); n != 0 {
		t.Error("a part of the command had its effect")
	}
}

// A tag that was made a moment ago keeps its spelling for whoever types it in another way: in the same
// batch, and in a replica that has not read the new settings yet.
func TestNewTagHasOneSpelling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	release := w.holdQueues(w.surface)
	w.reply(thread, "!tag Biling")
	w.reply(thread, "!untag Biling")
	w.reply(thread, "!tag biling")
	w.eventually("all have arrived", func() bool { return w.count(`SELECT count(*) FROM queued`) == 3 })
	w.exec(`INSERT INTO tags (name) VALUES ('Refnud')`) // by another replica
	w.reply(thread, "!tag refnud")
	release()
	w.card(thread, "Refnud")
	if got := w.text(`SELECT tags FROM conversations`); got != "{Biling,Refnud}" {
		t.Errorf("the conversation has the tags %s", got)
	}
	if n := w.count(`SELECT count(*) FROM tags WHERE lower(name) IN ('biling', 'refnud')`); n != 2 {
		t.Errorf("two tags have %d spellings", n)
	}
}
