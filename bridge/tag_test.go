package bridge_test

import (
	"slices"
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
