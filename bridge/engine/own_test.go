package engine_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine"
	"parley/channels"
)

// storedFact is a fact and the JSON in which it is stored.
type storedFact struct {
	name   string
	stored string
	fact   engine.Fact
}

func factsOfDeliveries() []storedFact {
	return []storedFact{
		{
			name: "a delivery failed",
			stored: `{"kind":"failed","conversation":7,"message":8,"delivery":9,"attempt":2,"class":"bad_content",` +
				`"text":"Too long.","hint":"Shorten it."}`,
			fact: engine.Fact{
				Kind:         "failed",
				Conversation: 7,
				Message:      8,
				Delivery:     9,
				Attempt:      2,
				Class:        "bad_content",
				Text:         "Too long.",
				Hint:         "Shorten it.",
			},
		},
		{
			name:   "a delivery landed",
			stored: `{"kind":"landed","conversation":7,"message":8,"delivery":9,"external":"wamid.1","parts":3,"cost":"0.05 EUR"}`,
			fact: engine.Fact{
				Kind:         "landed",
				Conversation: 7,
				Message:      8,
				Delivery:     9,
				External:     "wamid.1",
				SentParts:    engine.SentParts{Parts: 3, Cost: "0.05 EUR"},
			},
		},
		{
			name:   "a post failed",
			stored: `{"kind":"post_failed","conversation":7,"account":2,"post":"said"}`,
			fact:   engine.Fact{Kind: engine.PostFailed, Conversation: 7, Account: 2, Post: "said"},
		},
	}
}

func factsOfThreads() []storedFact {
	const root = "1700000000.000100"
	return []storedFact{
		{
			name:   "a thread was lost",
			stored: `{"kind":"thread_lost","conversation":7,"root":"1700000000.000100","surface":2}`,
			fact:   engine.Fact{Kind: engine.ThreadLost, Conversation: 7, Root: root, Surface: 2},
		},
		{
			name:   "a root is perhaps there twice",
			stored: `{"kind":"doubted","conversation":7,"delivery":9,"root":"1700000000.000100","surface":2,"due":"2026-11-22T09:30:00Z"}`,
			fact: engine.Fact{
				Kind:         engine.Doubted,
				Conversation: 7,
				Delivery:     9,
				Root:         root,
				Surface:      2,
				Due:          time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
			},
		},
		{
			name:   "nobody could look for the other root",
			stored: `{"kind":"sought","conversation":7,"class":"blind","external":"1700000000.000050","root":"1700000000.000100","surface":2}`,
			fact: engine.Fact{
				Kind:         engine.Sought,
				Conversation: 7,
				Class:        engine.Blind,
				External:     "1700000000.000050",
				Root:         root,
				Surface:      2,
			},
		},
		{
			name:   "a root is no longer a thread",
			stored: `{"kind":"root_left","conversation":7,"delivery":9,"external":"C1","root":"1700000000.000100","surface":2}`,
			fact: engine.Fact{
				Kind:         engine.RootLeft,
				Conversation: 7,
				Delivery:     9,
				External:     "C1",
				Root:         root,
				Surface:      2,
			},
		},
		{
			name: "posts are to be erased",
			stored: `{"kind":"erase","conversation":7,"erase":[{"surface":2,` +
				`"place":{"channel":"C1","thread":"1700000000.000100","message":"1700000000.000200"},"kind":"said","conversation":7,"message":8}]}`,
			fact: engine.Fact{
				Kind:         engine.Erase,
				Conversation: 7,
				Demand: engine.Demand{Erase: []engine.ErasedPost{{
					Surface:      2,
					Place:        bridge.Place{Channel: "C1", Thread: root, Message: "1700000000.000200"},
					Kind:         bridge.PostSaid,
					Conversation: 7,
					Message:      8,
				}}},
			},
		},
	}
}

func otherFacts() []storedFact {
	return []storedFact{
		{
			name:   "a conversation sleeps until a time",
			stored: `{"kind":"snooze","conversation":7,"due":"2026-11-22T09:30:00Z"}`,
			fact:   engine.Fact{Kind: engine.Snooze, Conversation: 7, Due: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)},
		},
		{
			name: "a file was fetched",
			stored: `{"kind":"fetched","conversation":7,"message":8,"account":2,"file":1,"blob":"ab12",` +
				`"name":"mug.png","type":"image/png","size":12}`,
			fact: engine.Fact{
				Kind:         engine.Fetched,
				Conversation: 7,
				Message:      8,
				Account:      2,
				FetchedFile:  engine.FetchedFile{File: 1, Blob: "ab12", Name: "mug.png", ContentType: "image/png", SizeBytes: 12},
			},
		},
		{
			name: "a template was listed by its provider",
			stored: `{"kind":"template","conversation":0,"class":"listed","account":2,"template":4,"version":3,` +
				`"state":{"ExternalID":"12","Name":"hello","Language":"en","Category":"","Status":"approved","Reason":"","Quality":""}}`,
			fact: engine.Fact{
				Kind:    engine.Template,
				Account: 2,
				Class:   "listed",
				TemplateVerdict: engine.TemplateVerdict{
					Template: 4,
					Version:  3,
					State:    &channels.TemplateState{ExternalID: "12", Name: "hello", Language: "en", Status: channels.TemplateApproved},
				},
			},
		},
	}
}

func factsOfAnalysis() []storedFact {
	return []storedFact{
		{
			name: "a translation needs a model",
			stored: `{"kind":"written","conversation":7,"class":"needs_model","ask":{"task":"translate","language":"de","text":"Hello",` +
				`"asker":{"agent":3,"surface":2,"user":"U1","place":{"channel":"C1"}}}}`,
			fact: engine.Fact{
				Kind:         engine.Written,
				Conversation: 7,
				Class:        engine.NeedsModel,
				WrittenText: engine.WrittenText{Ask: &engine.Ask{
					Task:     analysis.Translate,
					Language: "de",
					Text:     "Hello",
					Asker:    engine.Asker{Agent: 3, Surface: 2, User: "U1", Place: bridge.Place{Channel: "C1"}},
				}},
			},
		},
		{
			name: "a summary was written",
			stored: `{"kind":"written","conversation":7,"ask":{"task":"summarise","language":"en","occasion":"resolve","least":8},` +
				`"written":{"Text":"All is well.","By":"offline","Degraded":false},"covered":9}`,
			fact: engine.Fact{
				Kind:         engine.Written,
				Conversation: 7,
				WrittenText: engine.WrittenText{
					Ask:     &engine.Ask{Task: analysis.Summarise, Language: "en", Occasion: engine.OnResolve, MinMessages: 8},
					Written: &analysis.Text{Text: "All is well.", By: "offline"},
					Covered: 9,
				},
			},
		},
		{
			name: "a summary went on from another one",
			stored: `{"kind":"written","conversation":7,"ask":{"task":"summarise","occasion":"resolve","least":8,"after":30,"least_new":4},` +
				`"written":{"Text":"All is well.","By":"offline","Degraded":false},"covered":9,"covered_to":34}`,
			fact: engine.Fact{
				Kind:         engine.Written,
				Conversation: 7,
				WrittenText: engine.WrittenText{
					Ask:       &engine.Ask{Task: analysis.Summarise, Occasion: engine.OnResolve, MinMessages: 8, After: 30, MinNew: 4},
					Written:   &analysis.Text{Text: "All is well.", By: "offline"},
					Covered:   9,
					CoveredTo: 34,
				},
			},
		},
		{
			name: "a burst was analysed",
			stored: `{"kind":"analysed","conversation":7,"up_to":9,"answer":{"Language":"en","Sentiment":"urgent",` +
				`"Urgency":{"Urgent":true,"Because":"at once"},"Intents":["problem"],"References":[{"Kind":"order","Value":"4711","Link":""}],` +
				`"Tags":["VIP"],"Replies":null,"Actions":null,"By":"offline","Degraded":false},"fits":[{"template":4,"name":"hello"}],` +
				`"cited":[{"id":"k:1","title":"Returns","link":"https://acme.test/returns"}]}`,
			fact: engine.Fact{
				Kind:         engine.Analysed,
				Conversation: 7,
				AnalysedBurst: engine.AnalysedBurst{
					UpTo:  9,
					Fits:  []engine.FittingText{{Template: 4, Name: "hello"}},
					Cited: []engine.CitedSource{{ID: "k:1", Title: "Returns", Link: "https://acme.test/returns"}},
					Answer: &analysis.Answer{
						Language:   "en",
						Sentiment:  analysis.Pressing,
						Urgency:    analysis.Urgency{Urgent: true, Because: "at once"},
						Intents:    []string{"problem"},
						References: []analysis.Reference{{Kind: "order", Value: "4711"}},
						Tags:       []string{"VIP"},
						By:         "offline",
					},
				},
			},
		},
	}
}

// Facts are stored as JSON, which replicas of the version before read. The format must not change, and reading it must lose
// nothing.
func TestStoredForm(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(factsOfDeliveries(), factsOfThreads(), factsOfAnalysis(), otherFacts()) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(tt.fact.Event("x").Payload); got != tt.stored {
				t.Errorf("written:\ngot  %s\nwant %s", got, tt.stored)
			}

			read, err := engine.Decode([]byte(tt.stored))
			if err != nil {
				t.Fatalf("reading %s: %v", tt.stored, err)
			}
			rewritten, err := json.Marshal(read)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(rewritten); got != tt.stored {
				t.Errorf("read and written again:\ngot  %s\nwant %s", got, tt.stored)
			}
		})
	}
}

// The trait contains the latest event that the summary covers. In earlier versions it contained the number of messages that
// were summed up.
func TestReadSummedUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		trait     string
		wantEvent bridge.EventID
	}{
		{name: "written by a summary", trait: engine.SummedUpTo(4711), wantEvent: 4711},
		{name: "there is none", trait: ""},
		{name: "an event without a number", trait: "event:"},
		{name: "no number", trait: "much"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			event := engine.ReadSummedUp(tt.trait)
			if event != tt.wantEvent {
				t.Errorf("event of %q: got %d, want %d", tt.trait, event, tt.wantEvent)
			}
		})
	}
}
