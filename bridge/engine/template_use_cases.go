package engine

// TemplateUseCases applies the verbs about templates in one batch.
type TemplateUseCases struct {
	*Writer
	replies *ReplyUseCases
	speech  *SpeechUseCases
}
