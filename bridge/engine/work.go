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
	"parley/store"
)

// work is the state of one batch of events, which is applied in one transaction: messages of customers, actions of agents, and so on.
// It has the use cases of each package. They share the batch's book, which caches the rows that the batch reads and changes, and the
// Writer, which queues posts into the agents' threads. A work is used by one goroutine, and not used again.
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

	looked looked
	held   []store.ConversationID // those of the VerbSeveral that is being applied that hadBefore
}

// useCase carries out one verb: what a person asks for by a command, a button, a form or an emoji.
type useCase = usecase.Case[*work]

// assembleWork makes the work of a batch: one value of each type of use cases, which share writer.
func assembleWork(e *Engine, writer *threads.Writer) *work {
	workflows := &workflow.UseCases{Writer: writer}
	replies := &reply.UseCases{Writer: writer, Workflow: workflows, Restored: e.servedSince.time(), MaxHold: e.opt.MaxHold}
	speeches := speech.New(writer, replies)
	templates := template.New(writer, replies, speeches)
	intake := inbound.New(writer, workflows, replies, speeches, templates, inbound.Options{Analyses: e.opt.Analyzer != nil})
	return &work{
		Writer:    writer,
		e:         e,
		workflow:  workflows,
		replies:   replies,
		speech:    speeches,
		templates: templates,
		intake:    intake,
		insight:   &insight.UseCases{Writer: writer},
		assist:    &assist.UseCases{Writer: writer},
		looked:    looked{messages: map[store.MessageID]bool{}},
	}
}
