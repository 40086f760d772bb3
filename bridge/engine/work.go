package engine

import (
	"parley/bridge/engine/assist"
	"parley/bridge/engine/inbound"
	"parley/bridge/engine/insight"
	"parley/bridge/engine/reply"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/template"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/usecase"
	"parley/bridge/engine/workflow"
)

// work applies one batch of events by the use cases of all packages, which share the batch's book and the
// Writer of its threads. It belongs to one goroutine.
type work struct {
	*threads.Writer
	e         *Engine
	workflow  *workflow.UseCases
	replies   *reply.UseCases
	speech    *speech.UseCases
	templates *template.UseCases
	intake    *inbound.UseCases
	insight   *insight.UseCases
	assist    *assist.UseCases
}

// useCase is a verb as the engine knows it. A verb is what a person asks for, by a command, a button, a form or an emoji.
type useCase = usecase.Case[*work]

// assembleWork makes the work on a batch: one value of each type of use cases, which share tw.
func assembleWork(e *Engine, tw *threads.Writer) *work {
	wf := &workflow.UseCases{Writer: tw}
	rs := &reply.UseCases{Writer: tw, Workflow: wf, Restored: e.servedSince.time(), MaxHold: e.opt.MaxHold}
	sp := speech.New(tw, rs)
	ts := template.New(tw, rs, sp)
	it := inbound.New(tw, wf, rs, sp, ts, inbound.Options{
		UploadsOriginals: e.opt.Original == nil,
		Analyses:         e.opt.Analyzer != nil,
	})
	return &work{
		Writer:    tw,
		e:         e,
		workflow:  wf,
		replies:   rs,
		speech:    sp,
		templates: ts,
		intake:    it,
		insight:   &insight.UseCases{Writer: tw},
		assist:    &assist.UseCases{Writer: tw},
	}
}
