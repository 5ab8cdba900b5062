#include "hub/store_schema.h"

/* A batch is stored as it came, in one row, with the hash list that its signature covers; a record is a small row that
 * points into it. Records and batches are never changed or removed. A cell carries the change number of its last
 * change, which is its place in the uplink stream. */
static const char first_tables[] =
    "create table meta(key text primary key, value) without rowid;"
    "create table party(row integer primary key, party text not null unique, role text not null, name text not null, "
    "entity_type text not null,"
    " sectors text not null, district text not null, state text not null, reason text not null default '', curve_key "
    "blob unique, signing_key blob,"
    " created_at int not null, changed_at int not null);"
    "create table account(party integer primary key, last_seq int not null, stored int not null, refused int not null, "
    "last_at int not null);"
    "create table invitation(code_hash blob primary key, party int not null, created_at int not null, expires_at int "
    "not null, used_at int,"
    " used_by blob) without rowid;"
    "create index invitation_party on invitation(party);"
    "create table batch(id integer primary key, party int not null, at int not null, first_number int not null, stored "
    "int not null, hashes blob not null,"
    " signing_key blob not null, signature blob not null, bytes blob not null);"
    "create table record(party int not null, id blob not null, number int not null, batch int not null, position int "
    "not null, offset int not null,"
    " size int not null, kind int not null, day int, sector int, level int, owner int, root blob, primary key(party, "
    "id)) without rowid;"
    "create index record_thread on record(owner, root) where root is not null;"
    "create table refusal(party int not null, id blob not null, hash blob not null, at int not null, faults blob not "
    "null, primary key(party, id))"
    " without rowid;"
    "create table natural_key(party int not null, kind int not null, key blob not null, id blob not null, primary "
    "key(party, kind, key)) without rowid;"
    "create table thread(owner int not null, root blob not null, kind int not null, state int not null, about int not "
    "null, is_up int not null, batch int not null, offset int not null, size int not null, received_at int not null,"
    " acknowledged_at int not null, resolved_at int not null, primary key(owner, root)) without rowid;"
    "create table delivery(owner int not null, root blob not null, party int not null, at int not null, day int not "
    "null, category text not null, opened_at int not null default 0, answered_at int not null default 0,"
    " primary key(owner, root, party)) without rowid;"
    "create table link(party int not null, id blob not null, linked_party int not null, linked blob not null, at int "
    "not null, primary key(party, id, linked_party, linked)) without rowid;"
    "create table clock(party int not null, root blob not null, term text not null, owner int not null, length int not "
    "null, unit int not null, started_at int not null, due_at int not null, ended_at int not null, state int not null,"
    " done int not null, is_drill int not null, next_at int, activity text, primary key(party, root, term)) without "
    "rowid;"
    "create index clock_next on clock(next_at) where next_at is not null;"
    "create index clock_activity on clock(party, activity) where activity is not null;"
    "create table follow_up(party int not null, activity text not null, number int not null, moment int not null,"
    " primary key(party, activity, number)) without rowid;"
    "create table reported(party int not null, term text not null, period text not null, at int not null, is_zero int "
    "not null, primary key(party, term, period)) without rowid;"
    "create table cell(family text not null, day int not null, dims text not null, count int not null, sum int not "
    "null, change int not null,"
    " primary key(family, day, dims)) without rowid;"
    "create unique index cell_change on cell(change);"
    "create table uplink(change integer primary key, party int, number int, batch int, offset int, size int,"
    " state text, event blob);"
    "create table bulletin(cursor integer primary key, party int not null, at int not null, event blob,"
    " number int, filer int, owner int, state text, batch int, offset int, size int);"
    "create index bulletin_party on bulletin(party, cursor);";
/* hub/store_signal.h, hub/plan.h. A desk that has passed such records before goes through them again for their rows. */
static const char derived_tables[] =
    "create table signal_row(owner int not null, root blob not null, party text not null, day int not null, at int not "
    "null, model text not null, vendor text not null, sector int not null, domain int not null, subdomain int not "
    "null, harms int not null, level int not null, primary key(owner, root)) without rowid;"
    "create index signal_row_day on signal_row(day);"
    "create table signal_raised(row integer primary key, rule text not null, cluster text not null, day int not null,"
    " at int not null, id blob not null, evidence blob not null);"
    "create table share(owner int not null, root blob not null, level int not null, act int not null, copy blob,"
    " digest blob, by_hand int not null, withdrawn int not null, primary key(owner, root)) without rowid;"
    "create index share_waiting on share(act) where act > 0;"
    "create table plan(root blob primary key, day int, filed text not null) without rowid;"
    "insert into meta(key, value) select 'signal_rows_to', value from meta where key = 'desk';";
/* hub/store_facts.h, hub/store_delivery.h. What C has to do is left to store_finish_migration(): to learn what the
 * registry has said over time, and to count anew. Who opened a notice before acknowledgements were noted had it by
 * then. */
static const char facts_tables[] =
    "create table fact(party int not null, batch int not null, at int not null, entity_type text not null, district "
    "text not null, primary key(party, batch)) without rowid;"
    "alter table delivery add column entity_type text not null default '-';"
    "alter table delivery add column cursor int not null default 0;"
    "alter table delivery add column delivered_at int not null default 0;"
    "alter table delivery add column is_late int not null default 0;"
    "alter table clock add column entity_type text not null default '-';"
    "alter table clock add column district text not null default '';"
    "update delivery set delivered_at = opened_at,"
    " entity_type = (select entity_type from party p where p.row = delivery.party),"
    " category = iif(exists (select 1 from thread t where t.owner = delivery.owner and t.root = delivery.root and "
    "t.state = 1), '', category),"
    " is_late = exists (select 1 from clock c where c.party = delivery.party and c.root = delivery.root and c.term = "
    "'answer_notice' and c.state = 2 and c.ended_at = 0),"
    " cursor = coalesce((select min(b.cursor) from bulletin b where b.party = delivery.party and b.number in (select "
    "r.number from record r where (r.owner = delivery.owner and r.root = delivery.root) or (r.party = delivery.owner "
    "and r.id = delivery.root))), 0);"
    "update clock set entity_type = (select entity_type from party p where p.row = clock.party),"
    " district = (select district from party p where p.row = clock.party);"
    "create index delivery_waiting on delivery(party, cursor) where delivered_at = 0;"
    "insert into meta(key, value) values('learn_facts', 1), ('recount', 1);";
/* hub/store_ledger.h. `size` of a cell: how many records there were when it was last changed. */
static const char ledger_tables[] =
    "create table tile(key integer primary key, nodes blob not null);"
    "create table head(size integer primary key, at int not null, root blob not null, leaves blob not null);"
    "alter table cell add column size int not null default 0;";
/* Record ids begin with the time, so those of all parties that come in together lie side by side: a commit touches a
 * few pages of this index instead of one a party. */
static const char record_order[] =
    "alter table record rename to record_by_party;"
    "drop index record_thread;"
    "create table record(id blob not null, party int not null, number int not null, batch int not null, position int "
    "not null, offset int not null,"
    " size int not null, kind int not null, day int, sector int, level int, owner int, root blob, primary key(id, "
    "party)) without rowid;"
    "insert into record(id, party, number, batch, position, offset, size, kind, day, sector, level, owner, root) "
    "select "
    "id, party, number, batch, position, offset, size, kind, day, sector, level, owner, root from record_by_party "
    "order "
    "by id, party;"
    "drop table record_by_party;"
    "create index record_thread on record(owner, root) where root is not null;";
/* The family `rereview` is counted. */
static const char rereviews_counted[] = "insert or replace into meta(key, value) values('recount', 1);";
/* A party has had several pairs of keys in its time: hub/party.h. `proof` is the signature by which the pair before it
 * names it its successor; empty where a code, or nobody, vouched for it. `told` is the highest number that a peer has
 * said it has given out. */
static const char key_tables[] =
    "create table party_key(row integer primary key, party int not null, curve_key blob not null unique,"
    " signing_key blob not null, since int not null, until int not null default 0, revoked_at int not null default 0,"
    " reason text not null default '', proof blob not null default x'');"
    "create index party_key_party on party_key(party, row);"
    "insert into party_key(party, curve_key, signing_key, since) select row, curve_key, signing_key, created_at from "
    "party"
    " where curve_key is not null and signing_key is not null order by row;"
    "create table party_without_keys(row integer primary key, party text not null unique, role text not null, name "
    "text "
    "not null, entity_type text not null, sectors text not null, district text not null, state text not null,"
    " reason text not null default '', created_at int not null, changed_at int not null);"
    "insert into party_without_keys select row, party, role, name, entity_type, sectors, district, state, reason,"
    " created_at, changed_at from party;"
    "drop table party;"
    "alter table party_without_keys rename to party;"
    "alter table invitation add column replaces int not null default 0;"
    "alter table invitation add column reason text not null default '';"
    "alter table account add column told int not null default 0;";
/* Clocks are gone through record by record, and a composite warning is known by who filed it: the desk goes through
 * what it has followed once more. */
static const char followed_again[] =
    "insert or replace into meta(key, value) select 'signal_rows_to', value from meta where key = 'desk';";
/* The content of these is overwritten in their batch. */
static const char erased_tables[] =
    "create table erased(party int not null, id blob not null, at int not null, act blob not null, primary key(party, "
    "id)) without rowid;"
    "create table retained(batch int not null, kind int not null, primary key(batch, kind)) without rowid;";
/* hub/store_attached.h. */
static const char attached_tables[] =
    "create table attached(party int not null, hash blob not null, id blob not null, primary key(party, hash, id)) "
    "without rowid;"
    "create table leaving(party int not null, hash blob not null, primary key(party, hash)) without rowid;"
    "insert into meta(key, value) values('learn_attached', 1);";
/* The audit counts what an act has erased. */
static const char erased_index[] = "create index if not exists erased_act on erased(act);";
/* What follows up or is linked counts as its thread stands now: the desk goes through what it has followed once more.
 * The records are gone through once, each looking for its follow-up. */
static const char follow_up_threads[] =
    "alter table follow_up add column root blob not null default x'';"
    "create index follow_up_number on follow_up(number, party);"
    "update follow_up set root = r.id from record r where r.party = follow_up.party and r.number = follow_up.number;"
    "drop index follow_up_number;"
    "insert or replace into meta(key, value) select 'signal_rows_to', value from meta where key = 'desk';";
const struct db_migration store_migrations[] = {
    {first_tables}, {derived_tables}, {facts_tables},  {ledger_tables},   {record_order}, {rereviews_counted},
    {key_tables},   {followed_again}, {erased_tables}, {attached_tables}, {erased_index}, {follow_up_threads}};
const int store_migration_count = sizeof store_migrations / sizeof *store_migrations;
