package main

import (
	"testing"

	"parley/store/storetest"
)

// These tests restore a backup that is older than an erasure. The list of erasures says who has to be erased again. It is
// looked for in PARLEY_DATA/backups and beside the backup.

const erasedAgain = "1 erasures that are newer than the backup were applied again."

// Requirement R-276: Erase and export a person.
func TestRestoreErasesAgain(t *testing.T) {
	t.Parallel()
	e := newEraseTest(t)
	backup := e.eraseAfterBackup()

	restored := e.on(t, storetest.EmptyURL(t), "data") // the data folder has the list of erasures
	wantText(t, restored.mustRun("restore", backup), erasedAgain)
	restored.mustFail("erase", "--dry-run", zebra)
	restored.mustRun("erase", "--dry-run", otter)
}
