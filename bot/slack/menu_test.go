package slack

import (
	"strings"

	"parley/bot/slack/slackfake"
)

// If a menu has more than a hundred entries, Slack asks for them while somebody types into it.

// openLongMenu opens the form to assign, which must have one long menu. It returns the id of that menu's field.
func (w *world) openLongMenu() (form *slackfake.View, field string) {
	w.t.Helper()
	w.press(w.postRoot(), "Assign")
	form = w.waitForWindow(w.ann, isForm)
	for _, b := range readBlocks(w.t, form.Blocks) {
		if strings.HasSuffix(b.Element.Type, "external_select") {
			field = b.ID
		}
	}
	if field == "" {
		w.t.Fatalf("there is no long menu in %s", form.Blocks)
	}
	return form, field
}

// typeIntoMenu returns the values of the entries that Ann is offered when she has typed some letters.
func (w *world) typeIntoMenu(form *slackfake.View, field, letters string) []string {
	w.t.Helper()
	values, err := w.fake.As(w.ann).Suggest(w.ctx(), slackfake.Target{View: form.ID}, field+"/v", letters)
	noError(w.t, err)
	return values
}
