package bridge_test

import "testing"

// Taking off a tag that nobody knows makes none.
func TestUntagMakesNoTag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
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
