package blob_test

import (
	"testing"

	"parley/store/storetest"
)

var exec, row = storetest.Exec, storetest.Row

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }
