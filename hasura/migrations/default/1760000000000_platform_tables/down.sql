drop schema communications cascade;
drop schema operations cascade;
drop schema commerce cascade;
drop schema backoffice cascade;
