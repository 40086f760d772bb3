package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
	"parley/bridge/analysis/openai/openaifake"
	"parley/channels/golden"
)

// TestAIEval measures the analyzer that reads nothing, on a team's own messages.
func TestAIEval(t *testing.T) {
	t.Parallel()
	figures := filepath.Join(t.TempDir(), "figures.json")
	said, ok := parleyIn(t, t.TempDir(), nil,
		"ai-eval", "--analyzer", "majority", "--set", "testdata/aieval.jsonl", "--show", "2", "--json", figures)
	if !ok {
		t.Fatal(said)
	}
	said = regexp.MustCompile(`(?m)^An answer took .*$`).ReplaceAllString(said, "An answer took …")
	golden.Text(t, "testdata/aieval.txt", said)
	raw, err := os.ReadFile(figures)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Messages  int
		Sentiment struct {
			Macro *float64 `json:"macro_f1"`
		}
	}
	if err := json.Unmarshal(raw, &report); err != nil || report.Messages != 3 || report.Sentiment.Macro == nil {
		t.Errorf("%v: %s", err, raw)
	}
}

// TestAIEvalOwnSet: Parley's own messages are in the program; the texts of the unseen half stay there.
func TestAIEvalOwnSet(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.jsonl")
	if err := os.WriteFile(bad, []byte(`{"text":"Hi","language":"en","sentiment":"cross","urgent":false,"intents":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		ok   bool
		says string
	}{
		{"", true, "offline on the unseen half: "},
		{"--analyzer openai", false, "ai-eval: openai: the model is missing"},
		{"--analyzer majority --half all", true, "majority on both halves: "},
		{"--analyzer majority --half dev --show 1", true, "answered problem"},
		{"--analyzer majority --show 1", false, "--show is for --half dev, or a --set of yours"},
		{"--analyzer majority --half all --show 1", false, "--show is for --half dev, or a --set of yours"},
		{"--half third", false, "--half must be one of"},
		{"--analyzer crystal-ball", false, "--analyzer must be one of"},
		{"--set " + bad, false, `bad.jsonl, line 1, field sentiment: "cross" is none of positive, neutral, negative, frustrated, urgent`},
		{"--set no-such-file", false, "no-such-file: no such file"},
	} {
		said, ok := parleyIn(t, t.TempDir(), nil, append([]string{"ai-eval"}, strings.Fields(c.args)...)...)
		if ok != c.ok || !strings.Contains(said, c.says) {
			t.Errorf("parley ai-eval %s: ended well: %v, and said\n%s", c.args, ok, said)
		}
	}
}

// TestAIEvalModel asks a model, and says what that cost and what was not answered.
func TestAIEvalModel(t *testing.T) {
	t.Parallel()
	const key = "sk-of-a-test"
	fake := openaifake.New(openaifake.Options{Key: key, Answers: offline.New(), Abilities: openaifake.Modern()})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	t.Cleanup(fake.Close)
	args := []string{"ai-eval", "--analyzer", "openai", "--model", "little", "--base-url", server.URL,
		"--set", "testdata/aieval.jsonl", "--show", "3", "--prompt-price", "1000", "--answer-price", "1000"}
	said, ok := parleyIn(t, t.TempDir(), []string{"MODEL_KEY=" + key}, append(args, "--key-from", "MODEL_KEY")...)
	if !ok || strings.Contains(said, key) {
		t.Fatal(said)
	}
	for _, part := range []string{"3 messages, 0 without an answer", "Answers by little: 3", "\n3 calls, ", "Cost by the prices given: "} {
		if !strings.Contains(said, part) {
			t.Errorf("no %q in\n%s", part, said)
		}
	}
	said, ok = parleyIn(t, t.TempDir(), []string{"OPENAI_API_KEY=another"}, args...)
	if !ok || !strings.Contains(said, "3 messages, 3 without an answer") || !strings.Contains(said, "no answer: openai: ") {
		t.Errorf("a wrong key: ended well: %v\n%s", ok, said)
	}
}

// TestAIDocs: the message that docs/ai.md shows can be read, and its lists of intents and fields are whole.
func TestAIDocs(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/ai.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(page)
	if example == nil {
		t.Fatal("docs/ai.md shows no message")
	}
	file := filepath.Join(t.TempDir(), "example.jsonl")
	if err := os.WriteFile(file, []byte(example[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, ok := parleyIn(t, t.TempDir(), nil, "ai-eval", "--analyzer", "majority", "--set", file); !ok {
		t.Error(said)
	}
	for _, intent := range analysis.DefaultIntents() {
		if !strings.Contains(page, "`"+intent.Name+"`") {
			t.Errorf("docs/ai.md leaves out the intent %s", intent.Name)
		}
	}
}
