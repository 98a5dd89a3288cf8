import journal from './meta/_journal.json';
import m0000 from './0000_objects.sql';
import m0001 from './0001_sealed_rows.sql';

  export default {
    journal,
    migrations: {
      m0000,
m0001
    }
  }
  