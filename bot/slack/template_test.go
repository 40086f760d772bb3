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
	st := newStage(t, true)
	st.withFacts()
	st.desk.mu.Lock()
	defer st.desk.mu.Unlock()
	st.desk.stock = viewtest.Stock()
	return st
}

// From a button to what is sent: pick, fill in, look, send. Nothing is stored before the
// words were seen.
func TestTemplateForm(t *testing.T) {
	t.Parallel()
	st := newTemplateStage(t)
	_, err := st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "#12 template")
	must(t, err)
	v := st.view(st.ann, isForm)
	submit := func(values map[string][]string) *slackfake.Outcome {
		t.Helper()
		out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, values)
		must(t, err)
		if out.Error != "" || len(out.Errors) > 0 {
			t.Fatalf("outcome %+v", out)
		}
		return out
	}
	submit(map[string][]string{"f:template/v": {"7"}})
	v = st.view(st.ann, func(v *slackfake.View) bool { return strings.Contains(string(v.Blocks), "{{quote_number}}") })
	submit(map[string][]string{"f:v:quote_number/v": {"Q-1"}, "f:v:first_name/v": {"Kim"}})
	if n := st.desk.Number("i:"); n != 0 {
		t.Fatalf("stored before it was seen: %v", st.desk.IDs())
	}
	v = st.view(st.ann, func(v *slackfake.View) bool { return strings.Contains(string(v.Blocks), "your quote Q-1 is ready") })
	submit(map[string][]string{"f:v:quote_number/v": {"Q-1"}, "f:v:first_name/v": {"Kim"}})
	a := st.decode(st.desk.First(t, "i:"))
	if a.Verb != bridge.VerbTemplate || a.Args.Conversation != 12 || !a.Args.Template.Ready() || a.Args.Template.Values["quote_number"] != "Q-1" || a.Args.Template.Version != 2 {
		t.Errorf("got %+v with %+v", a, a.Args.Template)
	}
}

// An admin makes a template.
func TestTemplateEditForm(t *testing.T) {
	t.Parallel()
	st := newTemplateStage(t)
	out, err := st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "templates")
	must(t, err)
	if a := st.decode(st.desk.First(t, "i:")); a.Verb != bridge.VerbTemplates || out.Error != "" {
		t.Errorf("got %+v, %+v", a, out)
	}
}
