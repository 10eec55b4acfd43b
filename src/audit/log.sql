-- Acts and reads of a tenant, the latest first: each side finds its own latest by its index, then both are merged.
-- $1 tenant, $2 tags, $3 act, $4 user or role, $5 from, $6 before, $7 $8 $9 the place to go on behind, $10 how many.
select at as "at!", chain as "chain!", number as "number!", role as "role!", user_id, act as "act!",
  subject_tags as "subject_tags!", object_id, detail, persons, operation, query_hash, lost as "lost!"
from (
  (select at, '00000000-0000-0000-0000-000000000000'::uuid as chain, number, role, user_id, act,
     array_remove(array[subject_tag], null) as subject_tags, object_id, detail, null::int as persons,
     null::text as operation, null::bytea as query_hash, 0::bigint as lost
   from audit_act
   where tenant_id = $1 and ($2::uuid[] is null or subject_tag = any ($2))
     and ($3::text is null or act = $3) and ($4::text is null or user_id = $4 or role = $4)
     and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
     and ($7::timestamptz is null
       or (at, '00000000-0000-0000-0000-000000000000'::uuid, number) < ($7, $8::uuid, $9::bigint))
   order by at desc, number desc limit $10)
  union all
  (select at, chain, number, role, user_id, 'read', subject_tags, null::uuid, null::text, persons, operation,
     query_hash, lost
   from audit_read
   where tenant_id = $1 and ($2::uuid[] is null or subject_tags && $2)
     and ($3::text is null or $3 = 'read') and ($4::text is null or user_id = $4 or role = $4)
     and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
     and ($7::timestamptz is null or (at, chain, number) < ($7, $8::uuid, $9::bigint))
   order by at desc, chain desc, number desc limit $10)
) both_of_them
order by at desc, chain desc, number desc
limit $10
