package app

import (
	"context"
	"time"

	"parley/bridge/analysis/offline"
)

// knowledgeEvery is how often a folder or a site that suggested replies draw on is looked through.
const knowledgeEvery = 6 * time.Hour

// readKnowledge reads what suggested replies draw on, as long as anything is suggested at all.
func (a *App) readKnowledge(ctx context.Context) error {
	if a.opt.Analyzer == nil {
		return nil
	}
	o := KnowledgeOptions{Pool: a.db.Pool, Log: a.log, Holder: a.accounts.holder, Every: knowledgeEvery, Language: offline.New()}
	return NewKnowledge(o).Run(ctx)
}
