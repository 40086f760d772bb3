package slack

import (
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bot/view/viewtest"
	"parley/bridge"
)

// newTemplateStage makes a stage whose desk knows a conversation and has templates.
func newTemplateStage(t *testing.T) *stage {
	t.Helper()
	st := newConnectedStage(t)
	st.withFacts()
	st.desk.mu.Lock()
	defer st.desk.mu.Unlock()
	st.desk.stock = viewtest.Stock()
	return st
}

// From the command to what is sent: choose a template, fill it in, see it, send it. Nothing is stored before the words were seen.
func TestTemplateForm(t *testing.T) {
	t.Parallel()
	st := newTemplateStage(t)
	st.typeCommand("#12 template")
	submit := func(v *slackfake.View, values map[string]string) {
		t.Helper()
		if out := st.submitForm(v, values); out.Error != "" || len(out.Errors) > 0 {
			t.Fatalf("the form is answered with %+v, want it to be accepted", out)
		}
	}
	shows := func(words string) *slackfake.View {
		t.Helper()
		return st.waitForWindow(st.ann, func(v *slackfake.View) bool { return strings.Contains(string(v.Blocks), words) })
	}
	submit(st.waitForWindow(st.ann, isForm), map[string]string{"template": "7"})
	submit(shows("{{quote_number}}"), map[string]string{"v:quote_number": "Q-1", "v:first_name": "Kim"})
	st.wantFacts("i:", 0)
	submit(shows("your quote Q-1 is ready"), map[string]string{"v:quote_number": "Q-1", "v:first_name": "Kim"})

	a := st.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbTemplate)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "the values were seen", a.Args.Template.Ready(), true)
	wantEqual(t, "value", a.Args.Template.Values["quote_number"], "Q-1")
	wantEqual(t, "version", a.Args.Template.Version, 2)
}

// A command asks for the list of templates.
func TestTemplatesCommand(t *testing.T) {
	t.Parallel()
	st := newTemplateStage(t)
	st.typeCommand("templates")
	wantEqual(t, "verb", st.waitAction("i:").Verb, bridge.VerbTemplates)
}
