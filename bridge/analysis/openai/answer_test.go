package openai

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// TestAnswer: a model's answer comes back whole, with the links that the desk's patterns make.
func TestAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	got := w.ask()
	want := wise()
	want.By = "gpt-test"
	want.References[0].Link = "https://shop.example/orders/4711-22"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	s := w.Stats()
	if s.Asked != 1 || s.Requests != 1 || s.Degraded != 0 || s.TokensIn == 0 || s.TokensOut == 0 || s.Latency.Count != 1 ||
		s.Latency.Counts[0] != 1 {
		t.Errorf("stats: %+v", s)
	}
	if c := w.Condition(); c.Status != analysis.Working || c.Text != "" {
		t.Errorf("condition: %+v", c)
	}
}

// TestBrokenRulesKeepTheSchema: a server that keeps to the schema is asked with it, whatever else is wrong with an answer.
func TestBrokenRulesKeepTheSchema(t *testing.T) {
	t.Parallel()
	unknown, long := wise(), wise()
	unknown.Tags = []string{"unknown"}
	long.Urgency.Because = strings.Repeat("long ", maxValue)
	for name, c := range map[string]struct {
		says string
		asks bool // for a text
		want bool // the next request has a schema
	}{
		"a text that is left out": {openaifake.WriteText("See https://evil.example/login"), true, true},
		"an empty text":           {openaifake.WriteText(""), true, true},
		"another field":           {`{"words":"Done."}`, true, false},
		"a name that isn't ours":  {openaifake.Write(unknown), false, true},
		"a long reason":           {openaifake.Write(long), false, true},
		"no object":               {"Hi!", false, false},
		"fields are missing":      {`{"language":"en"}`, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			w.fake.Speak(func(openaifake.Seen) string { return c.says })
			if c.asks {
				if text, err := w.Write(t.Context(), told(analysis.Rephrase)); err == nil {
					t.Errorf("got %q, want an error", text.Text)
				}
			} else {
				w.degrades(Invalid)
			}
			w.fake.Speak(nil)
			w.asksModel()
			all := w.fake.Requests()
			if got := strings.Contains(string(all[len(all)-1].Body), "json_schema"); got != c.want {
				t.Errorf("the next request has a schema: got %v, want %v", got, c.want)
			}
		})
	}
}

// TestDialects: every kind of server is understood, and what it refused once isn't asked of it again for a while.
func TestDialects(t *testing.T) {
	t.Parallel()
	with := func(change func(*openaifake.Abilities)) openaifake.Abilities {
		a := openaifake.Modern()
		change(&a)
		return a
	}
	for _, c := range []struct {
		name  string
		can   openaifake.Abilities
		first int64 // requests for the first answer
	}{
		{"all", openaifake.Modern(), 1},
		{"reasoning: neither max_tokens nor temperature", openaifake.Reasoning(), 3},
		{"old: no response_format", openaifake.Old(), 3},
		{"JSON mode alone", with(func(a *openaifake.Abilities) { a.Schema = false }), 2},
		{"JSON mode alone, 422", with(func(a *openaifake.Abilities) { a.Schema, a.RefuseWith = false, 422 }), 2},
		{"JSON mode alone, 404", with(func(a *openaifake.Abilities) { a.Schema, a.RefuseWith = false, 404 }), 2},
		{"JSON mode alone, 501", with(func(a *openaifake.Abilities) { a.Schema, a.RefuseWith = false, 501 }), 2},
		{"ignores the schema", with(func(a *openaifake.Abilities) { a.Ignores = true }), 2},
		{"no limit at all", with(func(a *openaifake.Abilities) { a.MaxTokens, a.MaxCompletionTokens = false, false }), 3},
		{"nothing at all", openaifake.Abilities{}, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.can)
			w.asksModel()
			if n := w.Stats().Requests; n != c.first {
				t.Errorf("the first answer took %d requests, want %d", n, c.first)
			}
			w.asksModel()
			if n := w.Stats().Requests; n != c.first+1 {
				t.Errorf("the second answer took %d requests, want 1", n-c.first)
			}
			w.clock.add(tryAgain)
			w.asksModel()
			if n := w.Stats().Requests; n != 2*c.first+1 {
				t.Errorf("an hour later the answer took %d requests, want %d", n-c.first-1, c.first)
			}
			if last := w.fake.Requests()[c.first]; c.first > 1 && c.can.Schema == strings.Contains(string(last.Body), shapeText[:40]) &&
				!c.can.Ignores {
				t.Error("the shape is told in words where there is a schema, or isn't where there is none")
			}
		})
	}
}

// TestOpenAIFirst: OpenAI itself is asked with the newer name of the limit.
func TestOpenAIFirst(t *testing.T) {
	t.Parallel()
	_, host, err := parseBase("")
	if err != nil {
		t.Fatal(err)
	}
	if r := newDialect(newClock().now, host).nextRequest(); r.limit != maxCompletionTokens || r.form != bySchema {
		t.Errorf("%+v", r)
	}
}

// TestReasoningNames: the library refuses by the model's name what the server would refuse.
func TestReasoningNames(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"o3-mini", "gpt-5", "gpt-5-mini", "o1"} {
		w := newWorld(t, openaifake.Reasoning(), func(o *Options) { o.Model = model })
		w.fake.Misbehave(openaifake.Around("", ""))
		if a := w.ask(); a.Degraded || a.By != model {
			t.Errorf("%s: %+v, %+v", model, a, w.Stats())
		}
	}
}

// TestFound: JSON is found wherever a model hides it.
func TestFound(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"```json\n", "\n```"}, {"```\n", "\n```\nI hope this helps {really}!"}, {"Here you are:\n\n", "\n\nAnything else?"},
		{"<think>The customer wrote {\"urgent\": true}. {\"a\":{}} Hmm {</think>", ""}, {"\ufeff  \n", "\n"},
		{`The customer's text is {"text":"x"} so I say: `, ""},
	} {
		w := newWorld(t, openaifake.Modern())
		w.fake.Misbehave(openaifake.Around(c[0], c[1]))
		w.asksModel()
		if n := w.Stats().Requests; n != 1 {
			t.Errorf("%q took %d requests, want 1", c, n)
		}
	}
}

// TestRepair: the model is shown its error once.
func TestRepair(t *testing.T) {
	t.Parallel()
	good := openaifake.Write(wise())
	for _, c := range []struct{ name, bad, rule string }{
		{"unknown field", strings.Replace(good, `{"actions"`, `{"extra":1,"actions"`, 1), "fields that were not asked for"},
		{"unknown inner field", strings.Replace(good, `"kind":"order"`, `"kind":"order","x":1`, 1), "wrong name or type"},
		{"missing field", strings.Replace(good, `,"urgent":true`, ``, 1), "urgent"},
		{"wrong case", strings.Replace(good, `"urgent"`, `"Urgent"`, 1), "urgent"},
		{"wrong type", strings.Replace(good, `"urgent":true`, `"urgent":"yes"`, 1), "bool"},
		{"null", strings.Replace(good, `["delivery"]`, `null`, 1), "null"},
		{"sentiment", strings.Replace(good, `"frustrated"`, `"furious"`, 1), "sentiment"},
		{"language", strings.Replace(good, `"language":"en"`, `"language":"English"`, 1), "639-1"},
		{"tag", strings.Replace(good, `["delivery"]`, `["spam"]`, 1), "tags"},
		{"intent", strings.Replace(good, `["order_status"]`, `["refund_all"]`, 1), "intents"},
		{"kind", strings.Replace(good, `"kind":"order"`, `"kind":"card"`, 1), "kind"},
		{"source", strings.Replace(good, `["tpl-1"]`, `["tpl-9"]`, 1), "sources"},
		{"action", strings.Replace(good, `"name":"assign"`, `"name":"delete"`, 1), "action"},
		{"long reply", strings.Replace(good, `on its way`, strings.Repeat("on its way ", 400), 1), "too long"},
		{"long because", strings.Replace(good, `need it today`, strings.Repeat("today ", 60), 1), "because"},
		{"long list", strings.Replace(good, `["delivery"]`, `["delivery"`+strings.Repeat(`,"delivery"`, 30)+`]`, 1), "entries"},
		{"prose", "I think the customer is angry.", "no JSON object"},
		{"half an object", good[:40], "no JSON object"},
		{"an array", `[1,2]`, "no JSON object"},
		{"very long", strings.Repeat("x", maxContent+1), "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.bad == good {
				t.Fatal("the answer isn't bad")
			}
			w := newWorld(t, openaifake.Modern())
			w.fake.Misbehave(openaifake.Say(c.bad, "stop"))
			w.asksModel()
			all := w.fake.Requests()
			if len(all) != 2 || !all[1].Seen.Repair || !strings.Contains(string(all[1].Body), c.rule) {
				t.Errorf("no repair that names %q in %d requests: %s", c.rule, len(all), all[len(all)-1].Body)
			}
			if w.Stats().Repairs != 1 {
				t.Errorf("%+v", w.Stats())
			}
			w.fake.Misbehave(openaifake.Say(c.bad, "stop"), openaifake.Say(c.bad, "stop"))
			w.degrades(Invalid)
			if n := len(w.fake.Requests()); n != 4 {
				t.Errorf("%d requests, want one repair and no more", n-2)
			}
		})
	}
}

// TestLanguage: a region behind the language is no fault.
func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"pt-BR", "pt"}, {"DE", "de"}, {"zh_Hant", "zh"}, {"", ""}} {
		w := newWorld(t, openaifake.Modern())
		a := wise()
		a.Language = c[0]
		w.fake.Misbehave(openaifake.Say(openaifake.Write(a), "stop"))
		if got := w.ask(); got.Language != c[1] || got.Degraded {
			t.Errorf("%q became %q", c[0], got.Language)
		}
	}
}

// TestBases: addresses as people type them.
func TestBases(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"", "https://api.openai.com/v1"}, {"https://api.openai.com", "https://api.openai.com/v1"},
		{"https://api.openai.com/v1/", "https://api.openai.com/v1"},
		{" HTTP://LocalHost:11434/ ", "http://localhost:11434/v1"}, {"localhost:11434", "http://localhost:11434/v1"},
		{"127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"},
		{"192.168.1.5:1234/v1/", "http://192.168.1.5:1234/v1"}, {"[::1]:8080", "http://[::1]:8080/v1"}, {"ollama", "http://ollama/v1"},
		{"openrouter.ai/api/v1", "https://openrouter.ai/api/v1"}, {"https://api.groq.com/openai", "https://api.groq.com/openai/v1"},
		{"https://h.example/v1/chat/completions/", "https://h.example/v1"}, {"https://h.example/v1//", "https://h.example/v1"},
		{"https://generativelanguage.googleapis.com/v1beta/openai/", "https://generativelanguage.googleapis.com/v1beta/openai"},
		{"ftp://h.example", ""}, {"https://", ""}, {"https://user:secret@h.example", ""}, {"https://h.example/v1?key=secret", ""},
		{"http://%zz", ""},
	} {
		got, host, err := parseBase(c[0])
		if (err == nil) != (c[1] != "") || err == nil && (got != c[1] || host.Path != "") {
			t.Errorf("%q: %q, %v, want %q", c[0], got, err, c[1])
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error tells the secret: %v", c[0], err)
		}
	}
}

// TestNew: faults of the options are told together.
func TestNew(t *testing.T) {
	t.Parallel()
	_, err := New(t.Context(), Options{BaseURL: "ftp://x", Key: NewKey("a b"), Timeout: -time.Second})
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("%v", err)
	}
	a, err := New(t.Context(), Options{Model: "m", Fallback: offline()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Analyze(t.Context(), analysis.Question{}); err == nil {
		t.Error("an empty burst was analysed")
	}
	for range 2 {
		if err := a.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if _, err := a.Analyze(t.Context(), question()); err != ErrClosed { //nolint:errorlint // it is returned as it is
		t.Errorf("after Close: %v", err)
	}
}
