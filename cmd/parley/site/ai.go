package site

import (
	"context"
	"errors"

	"parley/bot/web/settings"
	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store"
)

// This file serves the settings pages about AI: where the knowledge comes from, and a form in which an admin tries how a
// text is analysed. A settingsDesk gives the settings pages what they need from the database and the running process.

// Places implements settings.Desk. It returns the places from which Parley reads the company's knowledge, such as folders
// or websites, each with the state of its last reading.
func (d *settingsDesk) Places(ctx context.Context) ([]settings.Place, error) {
	rows, err := store.KnowledgeStates(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}
	var list []settings.Place
	for _, r := range rows {
		p := settings.Place{Place: r.KnowledgePlace.Place, Pages: r.Pages, Problem: r.Problem}
		if r.ReadAt != nil {
			p.ReadAt = *r.ReadAt
		}
		list = append(list, p)
	}
	return list, nil
}

// errNoAnalyzer means that this process runs without an analyzer.
var errNoAnalyzer = errors.New("this process reads nothing of what customers write")

// Try implements settings.Desk. It analyses a text like a customer's message, and stores nothing.
func (d *settingsDesk) Try(ctx context.Context, text string) (analysis.Answer, error) {
	if d.o.Analyzer == nil {
		return analysis.Answer{}, errNoAnalyzer
	}
	dir, err := store.LoadDirectory(ctx, d.o.Pool)
	if err != nil {
		return analysis.Answer{}, err
	}
	return Analyse(ctx, d.o.Analyzer, dir, text)
}

// Analyse analyses a text with the company's language, references, intents and active tags. It omits labels: tags that only highlight
// conversations in lists.
func Analyse(ctx context.Context, analyzer analysis.Analyzer, dir store.Directory, text string) (analysis.Answer, error) {
	chosen := bridge.SettingsOf(dir.Settings, nil, true)
	desk := analysis.Desk{Language: chosen.Language, References: chosen.AI.References, Intents: chosen.AI.Intents}
	for _, t := range dir.Tags {
		if t.Active && t.Kind != store.TagLabel {
			desk.Tags = append(desk.Tags, analysis.Tag{Name: t.Name})
		}
	}
	return analyzer.Analyze(ctx, analysis.Question{Burst: []analysis.Message{{Text: text}}, Desk: desk})
}
