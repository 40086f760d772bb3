package engine

import "parley/store"

// work is the state of one batch of events, which is applied in one transaction: messages of customers, actions of agents, and so on.
// It has the use cases of each package. They share the batch's book, which caches the rows that the batch reads and changes, and the
// Writer, which queues posts into the agents' threads. A work is used by one goroutine, and not used again.
type work struct {
	*Writer
	e         *Engine
	workflow  *WorkflowUseCases
	replies   *ReplyUseCases
	speech    *SpeechUseCases
	templates *TemplateUseCases
	intake    *InboundUseCases
	insight   *InsightUseCases
	assist    *UseCases

	looked looked
	held   []store.ConversationID // those of the VerbSeveral that is being applied that hadBefore
}

// useCase carries out one verb: what a person asks for by a command, a button, a form or an emoji.
type useCase = Case[*work]

// assembleWork makes the work of a batch: one value of each type of use cases, which share writer.
func assembleWork(e *Engine, writer *Writer) *work {
	workflows := &WorkflowUseCases{Writer: writer}
	replies := &ReplyUseCases{Writer: writer, Workflow: workflows, Restored: e.servedSince.time(), MaxHold: e.opt.MaxHold}
	speeches := NewSpeech(writer, replies)
	templates := &TemplateUseCases{writer, replies, speeches}
	intake := NewInbound(writer, workflows, replies, speeches, templates, InboundOptions{Analyses: e.opt.Analyzer != nil})
	return &work{
		Writer:    writer,
		e:         e,
		workflow:  workflows,
		replies:   replies,
		speech:    speeches,
		templates: templates,
		intake:    intake,
		insight:   &InsightUseCases{Writer: writer},
		assist:    &UseCases{Writer: writer},
		looked:    looked{messages: map[store.MessageID]bool{}},
	}
}
