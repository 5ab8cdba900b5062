/* hub/store_schema.h - the store's tables, by the steps in which they came to be.
 *
 * A store of any earlier release is brought up to date by the steps that it has not seen. To change a table, append a
 * step; one that stands here has run somewhere and is never changed. */
#ifndef HUB_STORE_SCHEMA_H
#define HUB_STORE_SCHEMA_H

#include "common/db.h"

extern const struct db_migration store_migrations[];
extern const int store_migration_count;

#endif
