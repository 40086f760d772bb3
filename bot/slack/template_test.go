package slack

import (
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bot/view/viewtest"
	"parley/bridge"
)

// newTemplateWorld connects a surface whose desk knows the conversation #12, and has templates.
func newTemplateWorld(t *testing.T) *world {
	t.Helper()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.stock = viewtest.Stock()
	return w
}

// fillInTemplate asks for a template by a command, chooses the template of a quote and fills it in. It returns the
// form that shows the words as they will be sent.
func (w *world) fillInTemplate(values map[string]string) *slackfake.View {
	w.t.Helper()
	w.typeCommand("#12 template")
	w.mustSubmitForm(w.waitForWindow(w.ann, isForm), map[string]string{"template": "7"})
	w.mustSubmitForm(w.waitForWindow(w.ann, isFormWith("{{quote_number}}")), values)
	return w.waitForWindow(w.ann, isFormWith("your quote Q-1 is ready"))
}

// An agent types a command, chooses a template, fills it in, sees its words and sends it.
func TestTemplateIsSent(t *testing.T) {
	t.Parallel()
	w := newTemplateWorld(t)
	values := map[string]string{"v:quote_number": "Q-1", "v:first_name": "Kim"}
	w.mustSubmitForm(w.fillInTemplate(values), values)

	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbTemplate)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "the values were seen", a.Args.Template.IsPreviewed(), true)
	wantEqual(t, "value", a.Args.Template.Values["quote_number"], "Q-1")
	wantEqual(t, "version", a.Args.Template.Version, 2)
}
