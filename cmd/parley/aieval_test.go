package main

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
	"parley/bridge/analysis/openai/openaifake"
	"parley/channels/golden"
)

// The analyzer that answers without reading is measured on a team's own messages. The report is a golden file.
func TestAIEval(t *testing.T) {
	t.Parallel()
	figures := filepath.Join(t.TempDir(), "figures.json")
	parley := cli{t: t, data: t.TempDir()}
	report := parley.mustRun("ai-eval", "--analyzer", "majority", "--set", "testdata/aieval.jsonl", "--show", "2", "--json", figures)
	report = regexp.MustCompile(`(?m)^An answer took .*$`).ReplaceAllString(report, "An answer took …")
	golden.Text(t, "testdata/aieval.txt", report)

	var got struct {
		Messages  int
		Sentiment struct {
			Macro *float64 `json:"macro_f1"`
		}
	}
	raw := mustReadFile(t, figures)
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatalf("--json: %v\n%s", err, raw)
	}
	if got.Messages != 3 {
		t.Errorf("--json: %d messages, want 3", got.Messages)
	}
	if got.Sentiment.Macro == nil {
		t.Errorf("--json has no macro_f1 of the sentiment:\n%s", raw)
	}
}

// Parley's own messages are in the program. The texts of the half that analyzers were tuned on can be shown (--half dev).
func TestAIEvalOwnSet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args string
		want string
	}{
		{name: "by default", args: "", want: "offline on the unseen half: "},
		{name: "both halves", args: "--analyzer majority --half all", want: "majority on both halves: "},
		{name: "texts of the other half", args: "--analyzer majority --half dev --show 1", want: "answered problem"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			parley := cli{t: t, data: t.TempDir()}
			wantText(t, parley.mustRun(append([]string{"ai-eval"}, strings.Fields(tt.args)...)...), tt.want)
		})
	}
}

// The texts of the unseen half can't be shown, because nobody should learn from them. If other arguments or files are
// wrong, the error says what is wrong.
func TestAIEvalRefuses(t *testing.T) {
	t.Parallel()
	badSet := filepath.Join(t.TempDir(), "bad.jsonl")
	mustWriteFile(t, badSet, `{"text":"Hi","language":"en","sentiment":"cross","urgent":false,"intents":[]}`)
	const texts = "--show is for --half dev, or a --set of yours"
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{name: "a model without its name", args: []string{"--analyzer", "openai"}, want: "ai-eval: openai: the model is missing"},
		{name: "texts of the unseen half", args: []string{"--analyzer", "majority", "--show", "1"}, want: texts},
		{name: "texts of both halves", args: []string{"--analyzer", "majority", "--half", "all", "--show", "1"}, want: texts},
		{name: "another half", args: []string{"--half", "third"}, want: "--half must be one of"},
		{name: "another analyzer", args: []string{"--analyzer", "crystal-ball"}, want: "--analyzer must be one of"},
		{
			name: "a set with a wrong value",
			args: []string{"--set", badSet},
			want: `bad.jsonl, line 1, field sentiment: "cross" is none of positive, neutral, negative, frustrated, urgent`,
		},
		{name: "a set that isn't there", args: []string{"--set", "no-such-file"}, want: "no-such-file: no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			parley := cli{t: t, data: t.TempDir()}
			wantText(t, parley.mustFail(append([]string{"ai-eval"}, tt.args...)...), tt.want)
		})
	}
}

const modelKey = "sk-of-a-test"

// modelArgs returns the arguments that ask an emulated model, which takes modelKey, and the model.
func modelArgs(t *testing.T) ([]string, *openaifake.Server) {
	t.Helper()
	fake := openaifake.New(openaifake.Options{Key: modelKey, Answers: offline.New(), Abilities: openaifake.Modern()})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	t.Cleanup(fake.Close)
	return []string{"ai-eval", "--analyzer", "openai", "--model", "little", "--base-url", server.URL,
		"--set", "testdata/aieval.jsonl", "--show", "3", "--prompt-price", "1000", "--answer-price", "1000"}, fake
}

// The report on a model says who answered and what that cost, and doesn't show the key.
func TestAIEvalModel(t *testing.T) {
	t.Parallel()
	parley := cli{t: t, data: t.TempDir(), env: []string{"MODEL_KEY=" + modelKey}}
	args, _ := modelArgs(t)
	report := parley.mustRun(append(args, "--key-from", "MODEL_KEY")...)
	if strings.Contains(report, modelKey) {
		t.Errorf("the report shows the key:\n%s", report)
	}
	wantText(t, report, "3 messages, 0 without an answer")
	wantText(t, report, "Answers by little: 3")
	wantText(t, report, "\n3 calls, ")
	wantText(t, report, "Cost by the prices given: ")
}

// A team's own messages are masked before they leave, as customers' are.
func TestAIEvalMasks(t *testing.T) {
	t.Parallel()
	const card = "4111 1111 1111 1111"
	set := filepath.Join(t.TempDir(), "ours.jsonl")
	mustWriteFile(t, set, `{"text":"My card is `+card+`","language":"en","sentiment":"neutral","urgent":false,"intents":[]}`)
	args, fake := modelArgs(t)
	cli{t: t, data: t.TempDir(), env: []string{"OPENAI_API_KEY=" + modelKey}}.mustRun(append(args, "--set", set)...)
	requests := fake.Requests()
	if len(requests) == 0 {
		t.Fatal("the model was asked nothing")
	}
	for _, r := range requests {
		if strings.Contains(string(r.Body), card) {
			t.Error("the card's number left the machine")
		}
	}
}

// A model that answers nothing can't be measured: the command fails, and says which server was asked, why it gave no
// answer, and what to do.
func TestAIEvalWithoutAnswers(t *testing.T) {
	t.Parallel()
	const nobodyListens = "http://127.0.0.1:1"
	args, fake := modelArgs(t)
	for _, tt := range []struct {
		name   string
		env    []string
		args   []string
		wanted []string
	}{
		{
			name:   "a server that isn't there",
			args:   []string{"--base-url", nobodyListens},
			wanted: []string{nobodyListens + " answered none of 3 messages", "refused", "look whether the server runs", "--base-url"},
		},
		{
			name:   "a wrong key",
			env:    []string{"OPENAI_API_KEY=another"},
			wanted: []string{"answered none of 3 messages", "status 401", "Check the key", "OPENAI_API_KEY"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			printed := cli{t: t, data: t.TempDir(), env: tt.env}.mustFail(append(slices.Clone(args), tt.args...)...)
			for _, want := range tt.wanted {
				wantText(t, printed, want)
			}
		})
	}
	t.Cleanup(func() {
		if len(fake.Requests()) == 0 {
			t.Error("the model was asked nothing with the wrong key")
		}
	})
}

// The message that docs/ai.md shows can be read, and its lists of intents and fields are whole.
func TestAIDocs(t *testing.T) {
	t.Parallel()
	page := mustReadFile(t, "../../docs/ai.md")
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(page)
	if example == nil {
		t.Fatal("docs/ai.md shows no message")
	}
	file := filepath.Join(t.TempDir(), "example.jsonl")
	mustWriteFile(t, file, example[1])
	cli{t: t, data: t.TempDir()}.mustRun("ai-eval", "--analyzer", "majority", "--set", file)
	for _, intent := range analysis.DefaultIntents() {
		if !strings.Contains(page, "`"+intent.Name+"`") {
			t.Errorf("docs/ai.md leaves out the intent %s", intent.Name)
		}
	}
}
