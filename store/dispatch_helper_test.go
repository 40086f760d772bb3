package store_test

import "parley/store/storetest"

var row = storetest.Row
