package own_test

import (
	"encoding/json"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/own"
	"parley/channels"
)

// Facts are stored, and replicas of the version before read them: their form stays as it is.
func TestStoredForm(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		stored string
		fact   own.Fact
	}{
		{stored: `{"kind":"snooze","conversation":7,"due":"2026-11-22T09:30:00Z"}`,
			fact: own.Fact{Kind: own.Snooze, Conversation: 7, Due: at}},
		{stored: `{"kind":"failed","conversation":7,"message":8,"delivery":9,"attempt":2,"class":"bad_content","text":"Too long.","hint":"Shorten it."}`,
			fact: own.Fact{Kind: "failed", Conversation: 7, Message: 8, Delivery: 9, Attempt: 2, Class: "bad_content", Text: "Too long.", Hint: "Shorten it."}},
		{stored: `{"kind":"landed","conversation":7,"message":8,"delivery":9,"external":"wamid.1","parts":3,"cost":"0.05 EUR","followed":true}`,
			fact: own.Fact{Kind: "landed", Conversation: 7, Message: 8, Delivery: 9, External: "wamid.1", SentParts: own.SentParts{Parts: 3, Cost: "0.05 EUR", Followed: true}}},
		{stored: `{"kind":"thread_lost","conversation":7,"root":"1700000000.000100","surface":2}`,
			fact: own.Fact{Kind: own.ThreadLost, Conversation: 7, Root: "1700000000.000100", Surface: 2}},
		{stored: `{"kind":"erase","conversation":7,"erase":[{"surface":2,"place":{"channel":"C1","thread":"1700000000.000100","message":"1700000000.000200"},"kind":"said","conversation":7,"message":8}]}`,
			fact: own.Fact{Kind: own.Erase, Conversation: 7, Demand: own.Demand{Erase: []own.ErasedPost{
				{Surface: 2, Place: bridge.Place{Channel: "C1", Thread: "1700000000.000100", Message: "1700000000.000200"}, Kind: bridge.PostSaid, Conversation: 7, Message: 8}}}}},
		{stored: `{"kind":"doubted","conversation":7,"delivery":9,"root":"1700000000.000100","surface":2,"due":"2026-11-22T09:30:00Z"}`,
			fact: own.Fact{Kind: own.Doubted, Conversation: 7, Delivery: 9, Root: "1700000000.000100", Surface: 2, Due: at}},
		{stored: `{"kind":"sought","conversation":7,"class":"blind","external":"1700000000.000050","root":"1700000000.000100","surface":2}`,
			fact: own.Fact{Kind: own.Sought, Conversation: 7, Class: own.Blind, External: "1700000000.000050", Root: "1700000000.000100", Surface: 2}},
		{stored: `{"kind":"root_left","conversation":7,"delivery":9,"external":"C1","root":"1700000000.000100","surface":2}`,
			fact: own.Fact{Kind: own.RootLeft, Conversation: 7, Delivery: 9, External: "C1", Root: "1700000000.000100", Surface: 2}},
		{stored: `{"kind":"post_failed","conversation":7,"account":2,"post":"said"}`,
			fact: own.Fact{Kind: own.PostFailed, Conversation: 7, Account: 2, Post: "said"}},
		{stored: `{"kind":"fetched","conversation":7,"message":8,"account":2,"file":1,"blob":"ab12","name":"mug.png","type":"image/png","size":12}`,
			fact: own.Fact{Kind: own.Fetched, Conversation: 7, Message: 8, Account: 2, FetchedFile: own.FetchedFile{File: 1, Blob: "ab12", Name: "mug.png", ContentType: "image/png", SizeBytes: 12}}},
		{stored: `{"kind":"template","conversation":0,"class":"listed","account":2,"template":4,"version":3,"state":{"ExternalID":"12","Name":"hello","Language":"en","Category":"","Status":"approved","Reason":"","Quality":""}}`,
			fact: own.Fact{Kind: own.Template, Account: 2, Class: "listed", TemplateVerdict: own.TemplateVerdict{Template: 4, Version: 3, State: &channels.TemplateState{ExternalID: "12", Name: "hello", Language: "en", Status: channels.TemplateApproved}}}},
		{stored: `{"kind":"written","conversation":7,"class":"needs_model","ask":{"task":"translate","language":"de","text":"Hello","asker":{"agent":3,"surface":2,"user":"U1","place":{"channel":"C1"}}}}`,
			fact: own.Fact{Kind: own.Written, Conversation: 7, Class: own.NeedsModel,
				WrittenText: own.WrittenText{Ask: &own.Ask{Task: analysis.Translate, Language: "de", Text: "Hello", Asker: own.Asker{Agent: 3, Surface: 2, User: "U1", Place: bridge.Place{Channel: "C1"}}}}}},
		{stored: `{"kind":"written","conversation":7,"ask":{"task":"summarise","language":"en","occasion":"resolve","least":8},"written":{"Text":"All is well.","By":"offline","Degraded":false},"covered":9}`,
			fact: own.Fact{Kind: own.Written, Conversation: 7,
				WrittenText: own.WrittenText{Ask: &own.Ask{Task: analysis.Summarise, Language: "en", Occasion: own.OnResolve, Least: 8}, Written: &analysis.Text{Text: "All is well.", By: "offline"}, Covered: 9}}},
		{stored: `{"kind":"written","conversation":7,"ask":{"task":"summarise","occasion":"resolve","least":8,"after":30,"least_new":4},"written":{"Text":"All is well.","By":"offline","Degraded":false},"covered":9,"covered_to":34}`,
			fact: own.Fact{Kind: own.Written, Conversation: 7,
				WrittenText: own.WrittenText{Ask: &own.Ask{Task: analysis.Summarise, Occasion: own.OnResolve, Least: 8, After: 30, LeastNew: 4}, Written: &analysis.Text{Text: "All is well.", By: "offline"}, Covered: 9, CoveredTo: 34}}},
		{stored: `{"kind":"analysed","conversation":7,"up_to":9,"answer":{"Language":"en","Sentiment":"urgent","Urgency":{"Urgent":true,"Because":"at once"},"Intents":["problem"],"References":[{"Kind":"order","Value":"4711","Link":""}],"Tags":["VIP"],"Replies":null,"Actions":null,"By":"offline","Degraded":false},"fits":[{"template":4,"name":"hello"}],"cited":[{"id":"k:1","title":"Returns","link":"https://acme.test/returns"}]}`,
			fact: own.Fact{Kind: own.Analysed, Conversation: 7, AnalysedBurst: own.AnalysedBurst{UpTo: 9, Fits: []own.FittingText{{Template: 4, Name: "hello"}}, Cited: []own.CitedSource{{ID: "k:1", Title: "Returns", Link: "https://acme.test/returns"}},
				Answer: &analysis.Answer{Language: "en", Sentiment: analysis.Pressing, Urgency: analysis.Urgency{Urgent: true, Because: "at once"}, Intents: []string{"problem"},
					References: []analysis.Reference{{Kind: "order", Value: "4711"}}, Tags: []string{"VIP"}, By: "offline"}}}},
	} {
		if got := string(c.fact.Event("x").Payload); got != c.stored {
			t.Errorf("written as %s\n       want %s", got, c.stored)
		}
		read, err := own.Decode([]byte(c.stored))
		if err != nil {
			t.Errorf("%s is not read: %v", c.stored, err)
			continue
		}
		again, err := json.Marshal(read)
		if err != nil || string(again) != c.stored {
			t.Errorf("read and written again it is %s, %v\n                           want %s", again, err, c.stored)
		}
	}
}

// The trait says up to where the latest summary goes; of earlier versions it says of how many messages it was made.
func TestReadSummedUp(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]struct {
		event    bridge.EventID
		messages int
	}{
		own.SummedUpTo(4711): {event: 4711},
		"205":                {messages: 205},
		"":                   {},
		"event:":             {},
		"much":               {},
	} {
		if event, messages := own.ReadSummedUp(value); event != want.event || messages != want.messages {
			t.Errorf("%q is read as event %d, %d messages, want %+v", value, event, messages, want)
		}
	}
}
