;; Upper bounds of the scores of all items, and which of them reach a threshold (bounds.ts says why they are bounds).
;; Groups of 8 items: for each 4 dimensions 32 bytes of codes, first those of items 0 to 3 (dimensions 0 and 1 of each,
;; then 2 and 3 of each), then those of items 4 to 7. `npm run kernel` makes kernel.ts of this file.
(module
  (memory (export "memory") 1)

  ;; Writes the places of the items in [begin, end) whose bound reaches the threshold, and returns how many there are.
  (func (export "scan")
    (param $begin i32) (param $end i32)   ;; whole groups
    (param $dimensions i32)               ;; a multiple of 4
    (param $codes i32)                    ;; int8 [groups, dimensions / 4, 2, 2, 4, 2]
    (param $scales i32)                   ;; float32 [items], of the codes
    (param $errors i32)                   ;; float32 [items], of a query of length 1
    (param $query i32)                    ;; int16 [dimensions]
    (param $scale f32) (param $length f32) ;; of the query
    (param $terms i32) (param $termsEnd i32) ;; pairs of a pointer to float32 [items] and its float32 weight
    (param $threshold f32)
    (param $found i32)                    ;; int32, room for end - begin
    (result i32)
    (local $at i32) (local $code i32) (local $queryEnd i32) (local $q i32) (local $term i32) (local $written i32)
    (local $mask i32) (local $offset i32)
    (local $left v128) (local $right v128) (local $q01 v128) (local $q23 v128) (local $x v128) (local $weight v128)

    (local.set $queryEnd (i32.add (local.get $query) (i32.shl (local.get $dimensions) (i32.const 1))))
    (local.set $at (local.get $begin))
    (local.set $written (local.get $found))
    (local.set $code
      (i32.add (local.get $codes) (i32.mul (local.get $begin) (local.get $dimensions))))
    (block $done
      (loop $groups
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $left (v128.const i32x4 0 0 0 0))
        (local.set $right (v128.const i32x4 0 0 0 0))
        (local.set $q (local.get $query))
        (loop $products
          (local.set $q01 (v128.load32_splat (local.get $q)))
          (local.set $q23 (v128.load32_splat offset=4 (local.get $q)))
          (local.set $x (v128.load (local.get $code)))
          (local.set $left (i32x4.add (local.get $left) (i32x4.add
            (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $x)) (local.get $q01))
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $x)) (local.get $q23)))))
          (local.set $x (v128.load offset=16 (local.get $code)))
          (local.set $right (i32x4.add (local.get $right) (i32x4.add
            (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $x)) (local.get $q01))
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $x)) (local.get $q23)))))
          (local.set $code (i32.add (local.get $code) (i32.const 32)))
          (local.set $q (i32.add (local.get $q) (i32.const 8)))
          (br_if $products (i32.lt_u (local.get $q) (local.get $queryEnd))))

        ;; From here on float32: the product, what it may be wrong by, and the terms.
        (local.set $offset (i32.shl (local.get $at) (i32.const 2)))
        (local.set $weight (f32x4.splat (local.get $scale)))
        (local.set $left (f32x4.mul (f32x4.convert_i32x4_s (local.get $left))
          (f32x4.mul (local.get $weight) (v128.load (i32.add (local.get $scales) (local.get $offset))))))
        (local.set $right (f32x4.mul (f32x4.convert_i32x4_s (local.get $right))
          (f32x4.mul (local.get $weight) (v128.load offset=16 (i32.add (local.get $scales) (local.get $offset))))))
        (local.set $weight (f32x4.splat (local.get $length)))
        (local.set $left (f32x4.add (local.get $left)
          (f32x4.mul (local.get $weight) (v128.load (i32.add (local.get $errors) (local.get $offset))))))
        (local.set $right (f32x4.add (local.get $right)
          (f32x4.mul (local.get $weight) (v128.load offset=16 (i32.add (local.get $errors) (local.get $offset))))))
        (local.set $term (local.get $terms))
        (block $summed
          (loop $next
            (br_if $summed (i32.ge_u (local.get $term) (local.get $termsEnd)))
            (local.set $weight (v128.load32_splat offset=4 (local.get $term)))
            (local.set $mask (i32.add (i32.load (local.get $term)) (local.get $offset)))
            (local.set $left (f32x4.add (local.get $left)
              (f32x4.mul (local.get $weight) (v128.load (local.get $mask)))))
            (local.set $right (f32x4.add (local.get $right)
              (f32x4.mul (local.get $weight) (v128.load offset=16 (local.get $mask)))))
            (local.set $term (i32.add (local.get $term) (i32.const 8)))
            (br $next)))

        (local.set $weight (f32x4.splat (local.get $threshold)))
        (local.set $mask (i32.or
          (i32x4.bitmask (f32x4.ge (local.get $left) (local.get $weight)))
          (i32.shl (i32x4.bitmask (f32x4.ge (local.get $right) (local.get $weight))) (i32.const 4))))
        (block $written
          (loop $bits
            (br_if $written (i32.eqz (local.get $mask)))
            (i32.store (local.get $written) (i32.add (local.get $at) (i32.ctz (local.get $mask))))
            (local.set $written (i32.add (local.get $written) (i32.const 4)))
            (local.set $mask (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
            (br $bits)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $groups)))
    (i32.shr_u (i32.sub (local.get $written) (local.get $found)) (i32.const 2))))
