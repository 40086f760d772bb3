package knowledge_test

const maxPageBytes = 1 << 20 // as the reader has it
