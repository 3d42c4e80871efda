const key = "BIGINT UNSIGNED NOT NULL";
const id = `id ${key} AUTO_INCREMENT PRIMARY KEY`;
const money = "DECIMAL(10,2) NOT NULL";

/** The shop's tables, each after those it refers to. */
export const tables: readonly (readonly [name: string, columns: string])[] = [
  ["settings", "name VARCHAR(60) NOT NULL PRIMARY KEY, value JSON NOT NULL, changed_at DATETIME NOT NULL"],
  [
    "customers",
    `${id}, email VARCHAR(190) NOT NULL UNIQUE, name VARCHAR(120) NOT NULL, language CHAR(2) NOT NULL,
     newsletter BOOLEAN NOT NULL DEFAULT FALSE, preferences JSON NOT NULL, created_at DATETIME NOT NULL, KEY by_name (name)`,
  ],
  [
    "addresses",
    `${id}, customer_id ${key}, name VARCHAR(120) NOT NULL, street VARCHAR(160) NOT NULL, town VARCHAR(80) NOT NULL,
     postcode VARCHAR(12) NOT NULL, country CHAR(2) NOT NULL, is_default BOOLEAN NOT NULL,
     FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE`,
  ],
  [
    "categories",
    `${id}, parent_id BIGINT UNSIGNED NULL, name VARCHAR(80) NOT NULL, slug VARCHAR(80) NOT NULL UNIQUE, emoji VARCHAR(8) NOT NULL,
     position INT NOT NULL, FOREIGN KEY (parent_id) REFERENCES categories (id)`,
  ],
  [
    "products",
    `${id}, category_id ${key}, name VARCHAR(120) NOT NULL, description TEXT NOT NULL, details JSON NOT NULL, price ${money},
     active BOOLEAN NOT NULL DEFAULT TRUE, created_at DATETIME NOT NULL, FULLTEXT KEY words (name, description),
     FOREIGN KEY (category_id) REFERENCES categories (id)`,
  ],
  [
    "product_images",
    `${id}, product_id ${key}, position TINYINT UNSIGNED NOT NULL, path VARCHAR(255) NOT NULL UNIQUE, caption VARCHAR(200) NOT NULL,
     width SMALLINT UNSIGNED NOT NULL, height SMALLINT UNSIGNED NOT NULL, thumbnail BLOB NOT NULL,
     UNIQUE KEY (product_id, position), FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE`,
  ],
  [
    "variants",
    `${id}, product_id ${key}, sku VARCHAR(20) NOT NULL UNIQUE, label VARCHAR(40) NOT NULL, price ${money},
     FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE`,
  ],
  ["warehouses", `${id}, name VARCHAR(80) NOT NULL, town VARCHAR(80) NOT NULL`],
  [
    "stock",
    `warehouse_id ${key}, variant_id ${key}, quantity INT NOT NULL, PRIMARY KEY (warehouse_id, variant_id),
     FOREIGN KEY (warehouse_id) REFERENCES warehouses (id), FOREIGN KEY (variant_id) REFERENCES variants (id)`,
  ],
  [
    "stock_movements",
    `${id}, warehouse_id ${key}, variant_id ${key}, quantity INT NOT NULL, reason ENUM('opening','delivery','sale','correction') NOT NULL,
     moved_at DATETIME NOT NULL, FOREIGN KEY (warehouse_id, variant_id) REFERENCES stock (warehouse_id, variant_id)`,
  ],
  [
    "carts",
    `${id}, customer_id BIGINT UNSIGNED NULL, token BINARY(16) NOT NULL UNIQUE, changed_at DATETIME NOT NULL,
     FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE SET NULL`,
  ],
  [
    "cart_items",
    `cart_id ${key}, variant_id ${key}, quantity INT NOT NULL, PRIMARY KEY (cart_id, variant_id),
     FOREIGN KEY (cart_id) REFERENCES carts (id) ON DELETE CASCADE, FOREIGN KEY (variant_id) REFERENCES variants (id)`,
  ],
  [
    "orders",
    `${id}, number CHAR(13) NOT NULL UNIQUE, customer_id ${key}, address_id ${key},
     status ENUM('paid','packed','sent','delivered','cancelled') NOT NULL, shipping ${money}, total ${money}, note VARCHAR(200) NULL,
     placed_at DATETIME NOT NULL, KEY by_day (placed_at), FOREIGN KEY (customer_id) REFERENCES customers (id),
     FOREIGN KEY (address_id) REFERENCES addresses (id)`,
  ],
  [
    "order_items",
    `${id}, order_id ${key}, variant_id ${key}, quantity INT NOT NULL, unit_price ${money},
     amount ${money}, CHECK (quantity > 0),
     FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE, FOREIGN KEY (variant_id) REFERENCES variants (id)`,
  ],
  [
    "payments",
    `${id}, order_id ${key}, method ENUM('card','transfer','invoice') NOT NULL, reference BINARY(12) NOT NULL, amount ${money},
     paid_at DATETIME NOT NULL, FOREIGN KEY (order_id) REFERENCES orders (id)`,
  ],
  [
    "shipments",
    `${id}, order_id ${key}, carrier VARCHAR(40) NOT NULL, tracking VARCHAR(24) NOT NULL, sent_at DATETIME NOT NULL,
     delivered_at DATETIME NULL, FOREIGN KEY (order_id) REFERENCES orders (id)`,
  ],
  [
    "reviews",
    `${id}, product_id ${key}, customer_id ${key}, stars TINYINT NOT NULL, title VARCHAR(80) NOT NULL, body TEXT NOT NULL,
     written_at DATETIME NOT NULL, CHECK (stars BETWEEN 1 AND 5), FULLTEXT KEY words (title, body),
     FOREIGN KEY (product_id) REFERENCES products (id), FOREIGN KEY (customer_id) REFERENCES customers (id)`,
  ],
];
